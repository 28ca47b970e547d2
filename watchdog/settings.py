"""Every SRE_AGENT_ setting: default, unit and reason. docs/settings.md is generated from it.

Settings travel as a value; environment.py reads them, once.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from watchdog import quantity, windows
from watchdog.actions import BY_NAME, Mode
from watchdog.regex import regex

PREFIX = "SRE_AGENT_"
_NAMESPACE = regex(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def _parts(value: Any) -> Any:
    """`a, b` as a tuple; anything else as it is."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _are_windows(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        windows.parse(text)
    return texts


Windows = Annotated[tuple[str, ...], BeforeValidator(_parts), AfterValidator(_are_windows)]


class Group(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LLMSettings(Group):
    """The model. Without a key or a base URL the rules speak alone."""

    base_url: str | None = None
    """Address of an OpenAI-compatible API; the client's own default when empty. OPENAI_BASE_URL
    works too."""
    model: str | None = None
    """Model name as that server knows it; gpt-5-mini when empty."""
    api_key: SecretStr | None = None
    """API key. OPENAI_API_KEY works too. Servers that ask for none get a placeholder."""
    timeout_seconds: float = Field(45.0, gt=0)
    """Seconds for the whole call, retries and format ladder included; never more than what is left
    of the run budget."""
    max_prompt_chars: int = Field(40_000, ge=8_000)
    """Characters of the prompt at most (about 3.5 a token); what matters most is kept and the cut
    is stated."""
    max_output_tokens: int | None = Field(None, gt=0)
    """Upper bound of the answer in tokens; sent only when set, as some servers refuse it."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sent only when set, as some reasoning models refuse it."""
    response_format: Literal["auto", "json_schema", "json_object", "none"] = "auto"
    """Pins one rung of the response-format ladder; auto steps down when the server refuses one."""
    calls_per_day: int = Field(200, ge=0)
    """Calls a day (UTC) at most for each watched namespace; then the rules speak alone."""
    tokens_per_day: int = Field(1_000_000, ge=0)
    """Tokens a day (UTC) from which no further call is made for that namespace."""
    allow_plain_http: bool = False
    """Allows http:// to a host that is neither local nor inside the cluster."""

    @property
    def configured(self) -> bool:
        """Whether a model can be asked at all."""
        return bool(self.api_key or self.base_url)

    @property
    def model_name(self) -> str:
        """The model to ask for."""
        return self.model or "gpt-5-mini"


class SlackSettings(Group):
    """Slack, by bot token and channel or by webhook."""

    bot_token: SecretStr | None = None
    """Bot token (xoxb-...) with chat:write; needs channel."""
    channel: str | None = None
    """Channel id or name that reports go to, unless a namespace's policy names another."""
    webhook_url: SecretStr | None = None
    """Incoming webhook instead of a bot token: posts on change, cannot edit."""
    base_url: str | None = None
    """Another address of Slack's API, for gateways and tests."""
    timeout_seconds: float = Field(10.0, gt=0)
    """Seconds for each call."""
    approvers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)] = ()
    """Slack user ids (U...) whose reaction approves a change, comma-separated; nobody's does when
    empty."""
    remind_seconds: float = Field(14_400, gt=0)
    """An incident that waits for a person is mentioned again in its thread after so many
    seconds."""


class PushgatewaySettings(Group):
    """The Prometheus Pushgateway."""

    url: str | None = None
    """Address of the Pushgateway; nothing is pushed when empty."""
    job: str = "sre-watchdog"
    """Grouping key `job`, the release's name in the chart."""
    timeout_seconds: float = Field(5.0, gt=0)
    """Seconds for each push."""


class HeartbeatSettings(Group):
    """A dead man's switch outside the cluster."""

    url: str | None = None
    """Called with GET after each successful pass (healthchecks.io and the like). Each shard calls
    it, with its number for {shard}: one without a switch of its own is not missed."""


class AlertmanagerSettings(Group):
    """Alertmanager, which pages people where the watchdog cannot go on."""

    url: str | None = None
    """Address of an Alertmanager (v2 API); nothing is sent when empty."""
    timeout_seconds: float = Field(5.0, gt=0)
    """Seconds for each call."""


class BlockerSettings(Group):
    """A Prometheus that holds changes back."""

    prometheus_url: str | None = None
    """Address of a Prometheus that is asked before the first change of a pass; not asked when
    empty."""
    query: str = ""
    """PromQL; nothing is changed while it returns anything, and while it cannot be asked."""
    timeout_seconds: float = Field(5.0, gt=0)
    """Seconds for the question."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.prometheus_url) != bool(self.query):
            raise ValueError("prometheus_url and query go together: set both, or neither")
        return self

    @property
    def configured(self) -> bool:
        """Whether there is anything to ask."""
        return bool(self.prometheus_url and self.query)


class IncidentSettings(Group):
    """What outlives a pass: second tries, cool-down, approvals."""

    tries: int = Field(3, ge=1)
    """Failed tries after which nothing more is tried and a person is asked."""
    cooldown_seconds: float = Field(600, ge=0, le=86_400)
    """Seconds without a write after the second failed try; doubled by each further one."""
    reopen_seconds: float = Field(3600, ge=0)
    """An incident that returns within so many seconds after it ended is the same one again."""
    approval_seconds: float = Field(86_400, gt=0, le=172_800)
    """Seconds until an approval that was asked for can no longer be given."""


class LimitSettings(Group):
    """Bounds of what actions may write."""

    memory_factor: float = Field(4.0, ge=1)
    """Memory may be raised to at most this many times what the revision in use has."""
    memory_cap: str = "8Gi"
    """Memory limit that is never exceeded, as a Kubernetes quantity."""
    cpu_factor: float = Field(4.0, ge=1)
    """CPU may be raised to at most this many times what the revision in use has."""
    cpu_cap: str = "4"
    """CPU limit that is never exceeded, as a Kubernetes quantity."""
    min_replicas: int = Field(1, ge=0)
    """Replicas are never set below this."""
    max_replicas: int = Field(10, ge=1)
    """Replicas are never set above this."""
    actions_per_hour: int = Field(10, ge=0)
    """Changes within an hour at most in each watched namespace."""
    actions_per_target_per_hour: int = Field(4, ge=0, le=20)
    """Changes within an hour at most of one workload."""
    breaker_share: float = Field(0.5, ge=0, le=1)
    """Nothing is changed where more than this share of a namespace's Deployments, StatefulSets and
    DaemonSets is sick: the cause is a common one. 1 switches this off."""
    breaker_minimum: int = Field(6, ge=1)
    """So many workloads have to be sick for that at least."""
    fallback_memory: str = "512Mi"
    """Memory request for a workload whose requests fit no node and never ran, where no LimitRange
    names one."""
    fallback_cpu: str = "500m"
    """CPU request for a workload whose requests fit no node and never ran, where no LimitRange
    names one."""

    @field_validator("memory_cap", "cpu_cap", "fallback_memory", "fallback_cpu")
    @classmethod
    def _is_a_quantity(cls, text: str) -> str:
        quantity.parse(text)
        return text


class VerifySettings(Group):
    """How long the watchdog watches what it fixed."""

    timeout_seconds: float = Field(120.0, gt=0)
    """Seconds until a fix that is not healthy counts as failed and is undone."""
    stable_seconds: float = Field(15.0, ge=0)
    """Seconds that a fixed workload must stay healthy to count as verified: a crash loop looks
    healthy for a moment."""
    poll_seconds: float = Field(2.0, gt=0)
    """Seconds between two looks."""


class ObserveSettings(Group):
    """Bounds of what is read."""

    log_lines: int = Field(60, ge=1)
    """Log lines read from each container that is not healthy, from its end."""
    log_bytes: int = Field(16_384, ge=256)
    """Bytes read from each log at most; the server cuts."""
    logs_per_owner: int = Field(3, ge=0)
    """Logs read for each sick owner at most."""
    pods_per_owner: int = Field(3, ge=1)
    """Pods read in full for each group of pods that look the same; fewer where more than ten owners
    are sick."""
    max_owners: int = Field(60, ge=1)
    """Sick owners read in full at most in one namespace; more are counted and the cut is stated."""
    page_size: int = Field(500, ge=1)
    """Objects asked for in one page of a list; four times as many once they come as table cells."""
    silent_failures: bool = True
    """Also looks for failures that no pod shows: Services without endpoints, wrong target ports,
    blocked disruption budgets. Costs up to four more lists."""
    healthy_logs: int = Field(0, ge=0)
    """Pods that look well whose log is read in every pass, one for each workload, to find refused
    rights and errors that repeat for minutes by the times in their lines, which no pod shows. Each
    costs two reads; none are read by default."""
    restart_window_seconds: float = Field(3600, gt=0)
    """A running container that restarted within this many seconds is looked at."""


class GraceSettings(Group):
    """What is given time before it counts as broken. A failed state never is."""

    pending_seconds: float = Field(60, ge=0)
    """A pod may be starting (pulling, attaching volumes, becoming ready) for so long without a
    failure."""
    unready_seconds: float = Field(60, ge=0)
    """A workload may lack ready pods for so long while nothing has failed."""
    terminating_seconds: float = Field(120, ge=0)
    """A pod may be Terminating for so long beyond its grace period."""
    restarts: int = Field(2, ge=1)
    """Restarts within the restart window from which a running container counts as broken."""


class NamespacePolicy(Group):
    """What one watched namespace asks for; it narrows the settings above it, never widens them."""

    mode: Literal["observe", "approve", "act"] = "act"
    """observe writes nothing, approve asks before every write, act follows the action kinds."""
    channel: str | None = None
    """Slack channel for this namespace's messages."""
    severity: str | None = None
    """Severity label for alerts and messages."""
    owner: str | None = None
    """Team that owns the namespace, for alerts and messages."""
    runbook_url: str | None = None
    """Runbook that messages link to."""
    windows: Windows = ()
    """Change windows of this namespace, as `change_windows`; where both are set, one of each has to
    be open."""
    configmaps: dict[str, dict[str, str]] = Field(default_factory=dict)
    """ConfigMaps whose missing keys may be put back, each with the values approved for them:
    {"app-config": {"region": "eu-1"}}. A ConfigMap may carry such values itself, as annotations
    sre-watchdog/approved-key.KEY."""


class Settings(BaseSettings):
    """All settings of a pass; nested ones have two underscores: SRE_AGENT_LLM__MODEL."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    namespaces: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)] = ()
    """Watched namespaces, comma-separated; the context's own when empty."""
    label_selector: str = ""
    """Only workloads and pods with these labels, as kubectl -l takes it."""
    dry_run: bool = False
    """Observe and diagnose only; shows the exact change that it would make."""
    max_remediation_attempts: int = Field(2, ge=0)
    """Actions per run at most, over all namespaces; 0: none is made."""
    run_budget_seconds: float = Field(180.0, gt=0, le=840)
    """Seconds for the whole pass; every call gets at most what is left of it."""
    cluster_name: str = ""
    """Name of the cluster in reports, messages and metrics."""
    release_name: str = ""
    """Helm release that runs this watchdog; its objects are never touched."""
    approved_env: dict[str, SecretStr] = Field(default_factory=dict)
    """Env values that may be set wherever a finding names the variable, as JSON: {"REGION":
    "eu-1"}."""
    harmless_env: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)] = ()
    """Env names whose values may be shown, comma-separated."""
    actions: dict[str, Mode] = Field(default_factory=dict)
    """auto, approve or never for each action kind: SRE_AGENT_ACTIONS__DELETE_POD=never."""
    change_windows: Annotated[Windows, NoDecode] = ()
    """Nothing is changed while none of these is open, comma-separated, each with days, times and
    time zone: Mon-Fri 09:00-17:00 Europe/Berlin, Sat 22:00-04:00 UTC. Always when empty."""
    policies: dict[str, NamespacePolicy] = Field(default_factory=dict)
    """Policy of each namespace as JSON: {"shop": {"mode": "approve", "channel": "#shop"}}."""
    shards: int = Field(1, ge=1)
    """Pods that share the watched namespaces and MAX_REMEDIATION_ATTEMPTS among them; each is told
    its number by JOB_COMPLETION_INDEX, as an Indexed Job does. Fixes that do not divide evenly
    fall by lot, drawn from JOB_NAME, as the chart sets it: the label job-name of the pod."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is logged to standard error."""
    llm: LLMSettings = LLMSettings()
    slack: SlackSettings = SlackSettings()
    pushgateway: PushgatewaySettings = PushgatewaySettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    blocker: BlockerSettings = BlockerSettings()
    incidents: IncidentSettings = IncidentSettings()
    limits: LimitSettings = LimitSettings()
    verify: VerifySettings = VerifySettings()
    observe: ObserveSettings = ObserveSettings()
    grace: GraceSettings = GraceSettings()

    @field_validator("namespaces")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _NAMESPACE.fullmatch(name):
                raise ValueError(f"{name!r} cannot be the name of a namespace")
        return tuple(dict.fromkeys(names))

    def policy(self, namespace: str) -> NamespacePolicy:
        """The policy of that namespace, or the default one."""
        return self.policies.get(namespace, NamespacePolicy())

    def mode(self, kind: str, namespace: str = "") -> Mode:
        """Whether actions of that kind are `auto`, `approve` or `never` in that namespace."""
        mode = self.actions.get(kind, BY_NAME[kind].default_mode)
        match self.policy(namespace).mode:
            case "observe":
                return "never"
            case "approve" if mode == "auto":
                return "approve"
            case _:
                return mode
