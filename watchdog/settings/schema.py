"""Every SRE_AGENT_ setting: default, unit and reason. docs/settings.md is generated from it.

Settings travel as a value; settings/environment.py reads them, once.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from watchdog.actions import Mode
from watchdog.kube import quantity
from watchdog.settings import change_windows, custom_presets
from watchdog.settings.group import Address, Group, parts
from watchdog.settings.services import (
    AlertmanagerSettings,
    BlockerSettings,
    HeartbeatSettings,
    LLMSettings,
    NotifySettings,
    PushgatewaySettings,
    SlackSettings,
)
from watchdog.snapshot.thresholds import DEFAULTS, Grace, Thresholds
from watchdog.text.regex import regex

PREFIX = "SRE_AGENT_"
_SHORTEST_KEY = 16  # characters: 62 kinds of them make 95 bits
# As long as `helm upgrade --wait` waits by default, which begins once all objects are applied.
_HELM_SECONDS = 330.0
_NAMESPACE = regex(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def _one_line(given: str) -> str:
    """A name without the blanks around it, such as the end of the file that it was read from.

    Raises ValueError for one with control characters: in metrics it would become another name than
    the one that rules and dashboards look for.
    """
    name = given.strip()
    if not name.isprintable():
        raise ValueError("must be a name of one line, without tabs or other control characters")
    return name


def _are_windows(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        change_windows.parse(text)
    return texts


Windows = Annotated[tuple[str, ...], BeforeValidator(parts), AfterValidator(_are_windows)]
CustomResources = Annotated[
    tuple[str, ...], BeforeValidator(parts), AfterValidator(custom_presets.checked)
]


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


class MemorySettings(Group):
    """What shows that a memory was written by this product."""

    key: SecretStr | None = None
    """Signs the memory: 16 characters or more. Several, comma-separated, while it is changed: the
    last one signs, all of them are believed. Without one only facts are taken from a memory."""
    key_file: str | None = None
    """File that holds the same, in place of key."""

    @model_validator(mode="before")
    @classmethod
    def _from_the_file(cls, given: Any) -> Any:
        path = given.get("key_file") if isinstance(given, dict) else None
        if not path:
            return given
        if given.get("key"):
            raise ValueError("key and key_file are both set: keep one")
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise ValueError(f"key_file {path} cannot be read: {type(error).__name__}") from None
        return {**given, "key": text.strip()}

    @field_validator("key")
    @classmethod
    def _is_long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and any(len(part) < _SHORTEST_KEY for part in _keys(key)):
            raise ValueError(f"a key has at least {_SHORTEST_KEY} characters")
        return key

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are believed; the last one signs."""
        return _keys(self.key) if self.key else ()


def _keys(text: SecretStr) -> tuple[str, ...]:
    parts = (part.strip() for part in text.get_secret_value().split(","))
    return tuple(part for part in parts if part)


class LimitSettings(Group):
    """Bounds of what actions may write."""

    memory_factor: float = Field(DEFAULTS.memory_factor, ge=1)
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
    fallback_memory: str = DEFAULTS.fallback_memory
    """Memory request for a workload whose requests fit no node and never ran, where no LimitRange
    names one."""
    fallback_cpu: str = DEFAULTS.fallback_cpu
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
    """Also looks for failures that no pod shows: Services without endpoints or address, wrong
    target ports, Ingresses and HTTPRoutes that lead nowhere, blocked disruption budgets,
    autoscalers at their maximum. Costs up to six more lists."""
    healthy_logs: int = Field(0, ge=0)
    """Pods that look well whose log is read in every pass, one for each workload, to find refused
    rights and errors that repeat for minutes by the times in their lines, which no pod shows. Each
    costs two reads; none are read by default, and a report in which nothing is broken says so."""
    restart_window_seconds: float = Field(DEFAULTS.restart_window_seconds, gt=0)
    """A running container that restarted within this many seconds is looked at."""

    @property
    def not_looked_for(self) -> tuple[str, ...]:
        """What a pass does not see with these settings, and which of them would show it."""
        found = {
            "SILENT_FAILURES": ("failures that no pod shows", self.silent_failures),
            "HEALTHY_LOGS": ("errors in the logs of ready pods", self.healthy_logs),
        }
        return tuple(
            f"{what} ({PREFIX}OBSERVE__{name})" for name, (what, on) in found.items() if not on
        )


Choice = Literal["channel", "severity", "owner", "runbook"]


class WatchSettings(Group):
    """Which namespaces are watched besides NAMESPACES."""

    all_namespaces: bool = False
    """Every namespace except kube-*. Needs one cluster-wide read of namespaces."""
    namespace_selector: str = ""
    """Namespaces with these labels, as kubectl -l takes it (team=shop,tier!=dev), except kube-*.
    They are looked up anew in each pass. Needs one cluster-wide read of namespaces."""
    exclude: Annotated[tuple[str, ...], BeforeValidator(parts)] = ()
    """Names and patterns (preview-*) that the two settings above leave out, comma-separated."""
    custom_resources: CustomResources = ()
    """Custom resources that are looked at in each watched namespace, comma-separated: presets
    (argo-cd, argo-rollouts, cert-manager, cloudnative-pg, crossplane, external-secrets, flux,
    gateway-api, keda, knative, strimzi, tekton) and resources as kubectl api-resources -o name
    prints them (widgets.example.com). Those that fail or hang are reported; nothing is ever changed
    in one. None when empty."""

    choices: dict[Choice, tuple[str, ...]] = Field(default_factory=dict)
    """What a namespace may choose for itself by its annotations sre-watchdog/channel, severity,
    owner and runbook, as patterns in JSON: {"channel": ["#team-*"]}. Nothing when empty. Its label
    sre-watchdog/mode may always narrow the mode."""

    @property
    def by_rule(self) -> bool:
        """Whether namespaces are watched that no one has named."""
        return self.all_namespaces or bool(self.namespace_selector)


class GitSettings(Group):
    """Where the tools that deploy from Git keep their resources."""

    argocd_namespace: str = "argocd"
    """Namespace of Argo CD's Applications, which say from which repository an object comes. They
    are read only where the account may read them; rbac.gitSources of the chart grants it."""


class GraceSettings(Group, Grace):
    """What is given time: what the detectors judge by, and how long a rollout is left alone."""

    rollout_seconds: float | None = Field(None, ge=0)
    """A rollout younger than so many seconds is left to the tool that makes it, but once its
    progress deadline has passed only to Helm 3, which goes on waiting. When empty: 330 for what
    Helm deploys, as it waits for the rollout five minutes by default, and 0 for all else."""


NamespaceMode = Literal["observe", "approve", "act"]
"""From the narrowest to the widest."""


class NamespacePolicy(Group):
    """What one watched namespace asks for; it narrows the settings above it, never widens them."""

    mode: NamespaceMode = "act"
    """observe writes nothing, approve asks before every write, act follows the action kinds."""
    channel: str | None = None
    """Slack channel for this namespace's messages."""
    severity: str | None = None
    """Severity label for alerts and messages."""
    owner: str | None = None
    """Team that owns the namespace, for alerts and messages."""
    runbook_url: str | None = None
    """Runbook that messages link to."""
    notify: Annotated[tuple[str, ...], BeforeValidator(parts)] = ()
    """Names of `notify.urls` and `notify.webhooks` that hear of this namespace; all when empty."""
    windows: Windows = ()
    """Change windows of this namespace, as `change_windows`; where both are set, one of each has to
    be open."""
    suggested_env: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    """Env values that a model may suggest without being asked about, for each workload: {"ledger":
    {"REGION": ["eu-1", "eu-2"]}}. Any other suggestion needs an approval."""
    rollout_seconds: float | None = Field(None, ge=0)
    """As `grace.rollout_seconds`, for this namespace."""
    configmaps: dict[str, dict[str, str]] = Field(default_factory=dict)
    """ConfigMaps whose missing keys may be put back, each with the values approved for them:
    {"app-config": {"region": "eu-1"}}. A ConfigMap may carry such values itself, as annotations
    sre-watchdog/approved-key.KEY."""


_NO_POLICY = NamespacePolicy.model_construct()
_NAMESPACES_FIXED = 5


class Settings(Group):
    """All settings of a pass; nested ones have two underscores: SRE_AGENT_LLM__MODEL."""

    namespaces: Annotated[tuple[str, ...], BeforeValidator(parts)] = ()
    """Watched namespaces, comma-separated; the context's own when empty."""
    label_selector: str = ""
    """Only workloads and pods with these labels, as kubectl -l takes it."""
    dry_run: bool = False
    """Observe and diagnose only; shows the exact change that it would make."""
    max_remediation_attempts: int = Field(2, ge=0)
    """Actions per run at most in each namespace, and five times as many over all; 0: none."""
    run_budget_seconds: float = Field(180.0, gt=0, le=840)
    """Seconds for the whole pass; every call gets at most what is left of it."""
    cluster_name: Annotated[str, AfterValidator(_one_line)] = ""
    """Name of the cluster in reports, messages and metrics."""
    dashboard_url: Address = ""
    """Address of a dashboard that messages link to; {cluster} and {namespace} in it become those of
    the incident."""
    release_name: str = ""
    """Helm release that runs this watchdog; its objects are never touched."""
    approved_env: dict[str, SecretStr] = Field(default_factory=dict)
    """Env values that may be set wherever a finding names the variable, as JSON: {"REGION":
    "eu-1"}."""
    harmless_env: Annotated[tuple[str, ...], BeforeValidator(parts)] = ()
    """Env names whose values may be shown, comma-separated."""
    actions: dict[str, Mode] = Field(default_factory=dict)
    """auto, approve or never for each action kind: SRE_AGENT_ACTIONS__DELETE_POD=never."""
    change_windows: Windows = ()
    """Nothing is changed while none of these is open, comma-separated, each with days, times and
    time zone: Mon-Fri 09:00-17:00 Europe/Berlin, Sat 22:00-04:00 UTC. Always when empty."""
    policies: dict[str, NamespacePolicy] = Field(default_factory=dict)
    """Policy of each namespace as JSON: {"shop": {"mode": "approve", "channel": "#shop"}}."""
    shards: int = Field(1, ge=1)
    """Pods that share the watched namespaces and MAX_REMEDIATION_ATTEMPTS among them; each gets
    its number by JOB_COMPLETION_INDEX, as an Indexed Job does. The remainder of the fixes goes
    to shards chosen by a hash of JOB_NAME, which the chart sets: the label job-name of the pod."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is logged to standard error."""
    llm: LLMSettings = LLMSettings.model_construct()
    slack: SlackSettings = SlackSettings.model_construct()
    notify: NotifySettings = NotifySettings.model_construct()
    pushgateway: PushgatewaySettings = PushgatewaySettings.model_construct()
    heartbeat: HeartbeatSettings = HeartbeatSettings.model_construct()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings.model_construct()
    blocker: BlockerSettings = BlockerSettings.model_construct()
    incidents: IncidentSettings = IncidentSettings.model_construct()
    memory: MemorySettings = MemorySettings.model_construct()
    limits: LimitSettings = LimitSettings.model_construct()
    verify: VerifySettings = VerifySettings.model_construct()
    observe: ObserveSettings = ObserveSettings.model_construct()
    grace: GraceSettings = GraceSettings.model_construct()
    watch: WatchSettings = WatchSettings.model_construct()
    git: GitSettings = GitSettings.model_construct()

    @field_validator("namespaces")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _NAMESPACE.fullmatch(name):
                more = "; repeat -n for each namespace" if "," in name else ""
                raise ValueError(f"{name!r} cannot be the name of a namespace{more}")
        return tuple(dict.fromkeys(names))

    @model_validator(mode="after")
    def _hear_of_it(self) -> Self:
        for namespace, policy in self.policies.items():
            for name in policy.notify:
                if name not in self.notify.names:
                    raise ValueError(f"policies: {namespace} names {name!r}, which notify lacks")
        return self

    @property
    def most_fixes(self) -> int:
        """Actions per run over all namespaces: a fault of many of them is not acted on in each."""
        return self.max_remediation_attempts * _NAMESPACES_FIXED

    @property
    def thresholds(self) -> Thresholds:
        """What the detectors judge by."""
        grace = {name: getattr(self.grace, name) for name in Grace.model_fields}
        return Thresholds.model_construct(
            **grace,
            restart_window_seconds=self.observe.restart_window_seconds,
            memory_factor=self.limits.memory_factor,
            fallback_memory=self.limits.fallback_memory,
            fallback_cpu=self.limits.fallback_cpu,
        )

    def policy(self, namespace: str) -> NamespacePolicy:
        """The policy of that namespace, or the default one."""
        return self.policies.get(namespace, _NO_POLICY)

    def rollout_seconds(self, namespace: str, *, waits: bool) -> float:
        """How old a rollout has to be before anything of it is changed, in seconds.

        `waits`: its tool is one that may be waiting for it.
        """
        own, common = self.policy(namespace).rollout_seconds, self.grace.rollout_seconds
        if own is not None or common is not None:
            return max(own or 0, common or 0)
        return _HELM_SECONDS if waits else 0

    def mode(self, kind: str, namespace: str = "") -> Mode:
        """Whether actions of that kind are `auto`, `approve` or `never` in that namespace."""
        from watchdog.actions import BY_NAME

        mode = self.actions.get(kind, BY_NAME[kind].default_mode)
        match self.policy(namespace).mode:
            case "observe":
                return "never"
            case "approve" if mode == "auto":
                return "approve"
            case _:
                return mode
