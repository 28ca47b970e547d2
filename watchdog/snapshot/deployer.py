"""Who deploys a workload, and what that means for a change of it: the one decision table.

Policy's refusals and the words of the report both come from `TABLE`. How a deployer is recognised
is in observation/deployer.py.
"""

from typing import Literal, NamedTuple

from watchdog.snapshot.refs import Noun

Tool = Literal[
    "controller", "git", "another", "helm", "helm_server_side", "kubectl", "kubectl_server_side"
]
NextDeploy = Literal["kept", "removed", "put_back", "refused"]


class Deployer(Noun):
    """Who deploys a workload: the tool, its name, and which unit of it.

    `Argo CD` and `application shop`, `Helm` and `release shop`. For a controller the name is the
    owner itself, its kind with its API group: `Shop.example.com/front`.
    """

    tool: Tool
    name: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.unit}".strip()

    @property
    def release(self) -> str | None:
        """The name of the Helm release, if Helm deploys it."""
        return self.unit.removeprefix("release ") if self.tool in _HELM else None


class Conduct(NamedTuple):
    """What a tool does to a change, and where a change lasts.

    `added` is what its next deploy does to a field that its manifest lacks, `changed` to one that
    its manifest has, both once our fields were handed back (remediation/hand_back.py). `by_hand` is
    what comes of a change that a person makes with kubectl: it stands, or the next deploy is
    refused because of it, or it is put back at once. `where` names the place of a lasting change;
    `refusal` is why nothing is written, empty for tools that run only when someone runs them.
    """

    added: NextDeploy
    changed: NextDeploy
    by_hand: Literal["stands", "refused", "put_back"]
    where: str
    refusal: str = ""

    @property
    def left_alone(self) -> bool:
        """Whether the tool reconciles by itself, so that nothing is written beside it."""
        return bool(self.refusal)


# Tried with Helm 4.3 and 3.22, kubectl 1.34, and the field managers of Flux and Argo CD; see
# tests/e2e/test_next_deploy.py. Server-side apply removes what it owns and no longer lists, so a
# field that was handed back goes with the next deploy. Client-side tools remove only what their own
# earlier manifest had: what we added stays for ever.
TABLE: dict[Tool, Conduct] = {
    "controller": Conduct(
        "put_back", "put_back", "put_back", "{owner}, which makes it",
        "{owner} makes {target} and puts changes back: change it in {owner}",
    ),
    "git": Conduct(
        "kept", "put_back", "put_back", "Git, from where {owner} deploys it",
        "{owner} deploys {target}: change it in Git",
    ),
    "another": Conduct(
        "kept", "put_back", "put_back", "what {owner} applies",
        "{owner} applies {target}: change it in what {owner} applies",
    ),
    "helm": Conduct("kept", "put_back", "stands", "the values of {owner}"),
    "helm_server_side": Conduct("removed", "put_back", "refused", "the values of {owner}"),
    "kubectl": Conduct("kept", "put_back", "stands", "the manifest it is applied from"),
    "kubectl_server_side": Conduct(
        "removed", "put_back", "refused", "the manifest it is applied from"
    ),
}  # fmt: skip
# No mark of any tool: nothing is known to apply it again.
UNKNOWN = Conduct("kept", "kept", "stands", "")
_HELM = frozenset({"helm", "helm_server_side"})


def conduct(deployer: Deployer | None) -> Conduct:
    """The row of the decision table."""
    return TABLE[deployer.tool] if deployer else UNKNOWN


def where(deployer: Deployer | None) -> str:
    """Where a change of the workload lasts: `the values of Helm release shop`; empty if unknown."""
    return conduct(deployer).where.format(owner=deployer)
