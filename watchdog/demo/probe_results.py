"""What a probe of a container finds, in the kubelet's words."""

from watchdog.demo.api_resources import Object
from watchdog.demo.behaviour import Behaviour


def failure(probe: Object, container: Object, does: Behaviour, seconds: float, pod_ip: str) -> str:
    """Say what is wrong `seconds` after the container's start; empty when the probe succeeds.

    A probe by a command in the container succeeds: no behaviour of one is declared.
    """
    action = probe.get("httpGet") or probe.get("tcpSocket") or probe.get("grpc")
    if not action or does.answers_all:
        return ""
    port = _number(action["port"], container)
    is_open = port in does.ports and does.ports[port] <= seconds
    refused = "" if is_open else f"dial tcp {pod_ip}:{port}: connect: connection refused"
    if "httpGet" not in probe:
        return refused
    path = "/" + action.get("path", "/").partition("?")[0].lstrip("/")
    if refused:
        scheme = action.get("scheme", "HTTP").lower()
        return f'Get "{scheme}://{pod_ip}:{port}{path}": {refused}'
    served = path in does.paths and does.paths[path] <= seconds
    return "" if served else "HTTP probe failed with statuscode: 404"


def _number(port: object, container: Object) -> int:
    if isinstance(port, int):
        return port
    named = {p.get("name"): p["containerPort"] for p in container.get("ports") or []}
    return int(named.get(port, 0) or (str(port) if str(port).isdigit() else 0))
