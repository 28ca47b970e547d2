"""Settings of the services: model, Slack, Pushgateway, Alertmanager, Prometheus, heartbeat."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    model_validator,
)

from watchdog.settings.group import Address, Credential, Group, Headers, SecretAddress, parts
from watchdog.text.regex import regex

_NAME = regex(r"[a-z0-9]([a-z0-9-]{0,39})")
_LIKE_A_NAME = regex(r"[\w .-]{0,60}")


class LLMSettings(Group):
    """The model. Without the name of one the rules speak alone, whatever key is there."""

    base_url: Address | None = None
    """Address of an OpenAI-compatible API; the client's own default when empty. OPENAI_BASE_URL
    works too."""
    model: str | None = None
    """Model name as that server knows it, such as gpt-5-mini. A model is asked only if one is
    named."""
    api_key: Credential | None = None
    """API key. OPENAI_API_KEY works too. Servers that ask for none get a placeholder."""
    extra_headers: Headers = Field(default_factory=dict)
    """Further headers of each request as JSON, for gateways: {"x-portkey-provider": "openai"}."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Further fields of each request's body as JSON: {"reasoning_effort": "low"}."""
    timeout_seconds: float = Field(45.0, gt=0)
    """Seconds for the whole call, retries and format ladder included. All calls of a pass together
    take at most a quarter of the run budget; what is left to ask then is asked by the next pass."""
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
        return bool(self.model)

    @property
    def model_name(self) -> str:
        """The model to ask for."""
        return self.model or ""


class SlackSettings(Group):
    """Slack, by bot token and channel or by webhook."""

    bot_token: Credential | None = None
    """Bot token (xoxb-...) with chat:write; needs channel."""
    channel: str | None = None
    """Channel id or name that reports go to, unless a namespace's policy names another."""
    webhook_url: SecretAddress | None = None
    """Incoming webhook instead of a bot token: posts on change, cannot edit."""
    base_url: Address | None = None
    """Another address of Slack's API, for gateways and tests."""
    timeout_seconds: float = Field(10.0, gt=0)
    """Seconds for each call."""
    approvers: Annotated[tuple[str, ...], BeforeValidator(parts)] = ()
    """Slack user ids (U...) whose reaction approves a change, comma-separated; no one's does when
    empty."""
    remind_seconds: float = Field(14_400, gt=0)
    """An incident that needs you is mentioned again in its thread after so many
    seconds."""


def _are_names(given: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name in given:
        if not _NAME.fullmatch(name):
            # Who turns name and address around must not read the address in a log.
            said = repr(name) if _LIKE_A_NAME.fullmatch(name) else "what stands before an address"
            raise ValueError(f"{said} is no name: use a-z, 0-9 and -, at most 40 characters")
    return given


Addresses = Annotated[dict[str, SecretStr], AfterValidator(_are_names)]
Webhooks = Annotated[dict[str, SecretAddress], AfterValidator(_are_names)]


class NotifySettings(Group):
    """Messengers besides Slack; each gets one post for each change of an incident."""

    urls: Addresses = Field(default_factory=dict)
    """Addresses as Apprise takes them, by a name of your own, as JSON: {"team":
    "workflows://...", "oncall": "pagerduty://..."}. Teams, Discord, Mattermost, Google Chat, mail,
    PagerDuty and a hundred others; those that wake someone get only what needs you."""
    webhooks: Webhooks = Field(default_factory=dict)
    """Addresses of your own that get each change as signed JSON, by name: {"audit":
    "https://..."}."""
    webhook_key: SecretStr | None = None
    """Signs what webhooks get: HMAC-SHA256 in the header X-Sre-Watchdog-Signature."""
    timeout_seconds: float = Field(6.0, gt=0, le=15)
    """Seconds for all of them together, side by side."""

    @model_validator(mode="after")
    def _can_be_believed(self) -> Self:
        if self.webhooks and not self.webhook_key:
            raise ValueError("webhooks need webhook_key: unsigned, no receiver could believe them")
        if both := sorted(self.urls.keys() & self.webhooks.keys()):
            raise ValueError(f"{both[0]!r} names both an address of urls and one of webhooks")
        return self

    @property
    def configured(self) -> bool:
        """Whether there is a receiver."""
        return bool(self.names)

    @property
    def names(self) -> frozenset[str]:
        """The names that policies choose from."""
        return frozenset({*self.urls, *self.webhooks})


class ServiceSettings(Group):
    """What every small service may ask for; one in user:password@ of its address works too."""

    user: str | None = None
    """User for basic authentication."""
    password: SecretStr | None = None
    """Password of that user."""
    token: Credential | None = None
    """Bearer token, instead of user and password."""
    headers: Headers = Field(default_factory=dict)
    """Further headers as JSON, such as a tenant's: {"X-Scope-OrgID": "team-a"}."""
    ca_file: str | None = None
    """PEM file of a CA that is trusted besides the system's (SSL_CERT_FILE replaces those)."""


class PushgatewaySettings(ServiceSettings):
    """The Prometheus Pushgateway."""

    url: Address | None = None
    """Address of the Pushgateway; nothing is pushed when empty."""
    job: str = "sre-watchdog"
    """Grouping key `job`, the release's name in the chart."""
    timeout_seconds: float = Field(5.0, gt=0)
    """Seconds for each push, from the name's lookup to the last byte."""


class HeartbeatSettings(Group):
    """A dead man's switch outside the cluster."""

    url: SecretAddress | None = None
    """Called with GET after each successful pass (healthchecks.io and the like). Each shard calls
    it, with its number for {shard}: one without a switch of its own is not missed."""


class AlertmanagerSettings(ServiceSettings):
    """Alertmanager, which pages people where the watchdog cannot go on."""

    url: Address | None = None
    """Address of an Alertmanager (v2 API); nothing is sent when empty."""
    urls: Annotated[tuple[Address, ...], BeforeValidator(parts)] = ()
    """Addresses of the others of its cluster, comma-separated: each is sent all alerts, and one
    that takes them is enough."""
    timeout_seconds: float = Field(5.0, gt=0)
    """Seconds for each call."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All Alertmanagers of the cluster; none where nothing is to be sent."""
        return tuple(filter(None, (self.url, *self.urls)))


class BlockerSettings(ServiceSettings):
    """A Prometheus that holds changes back."""

    prometheus_url: Address | None = None
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
