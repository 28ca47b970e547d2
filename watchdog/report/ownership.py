"""Who owns a namespace and where people look next: what the operator's settings say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from watchdog.text.format import one_line

if TYPE_CHECKING:
    from watchdog.settings.schema import Settings


@dataclass(frozen=True)
class Ownership:
    """What messages say of a namespace beside the incident; all empty where nothing is set."""

    owner: str = ""
    severity: str = ""
    runbook: str = ""
    dashboard: str = ""

    @property
    def facts(self) -> list[str]:
        """`owner payments`, `severity critical`: what is set."""
        said = {"owner": self.owner, "severity": self.severity}
        return [one_line(f"{name} {value}", 80) for name, value in said.items() if value]

    @property
    def links(self) -> dict[str, str]:
        """Addresses by what they lead to."""
        found = {"Runbook": self.runbook, "Dashboard": self.dashboard}
        return {name: url for name, url in found.items() if url}


UNSAID = Ownership()


def ownership(settings: Settings, namespace: str, cluster: str) -> Ownership:
    """What the settings say of that namespace; names in the dashboard's address are escaped."""
    policy = settings.policy(namespace)
    dashboard = settings.dashboard_url
    for name, value in (("{namespace}", namespace), ("{cluster}", cluster)):
        dashboard = dashboard.replace(name, quote(value, safe=""))
    return Ownership(policy.owner or "", policy.severity or "", policy.runbook_url or "", dashboard)
