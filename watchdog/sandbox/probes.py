"""What a probe of a container finds, in the kubelet's words."""

from dataclasses import replace

from watchdog.sandbox.behaviour import Start, played
from watchdog.sandbox.resources import Object


def failure(probe: Object, container: Object, start: Start, seconds: float, pod_ip: str) -> str:
    """Say what is wrong `seconds` after the container's start; empty when the probe succeeds."""
    if "exec" in probe:
        return _exec(probe["exec"].get("command") or [], start, seconds)
    if "httpGet" in probe:
        return _http(probe["httpGet"], container, start, seconds, pod_ip)
    action = probe.get("tcpSocket") or probe.get("grpc")
    if action:
        port = _number(action["port"], container)
        return "" if _listens(start, port, seconds) else _refused(pod_ip, port)
    return ""


def _refused(pod_ip: str, port: int) -> str:
    return f"dial tcp {pod_ip}:{port}: connect: connection refused"


def _number(port: object, container: Object) -> int:
    if isinstance(port, int):
        return port
    named = {p.get("name"): p["containerPort"] for p in container.get("ports") or []}
    return int(named.get(port, 0) or (str(port) if str(port).isdigit() else 0))


def _listens(start: Start, port: int, seconds: float) -> bool:
    if start.serves_paths is not None or not start.run.known:
        return True
    return port in start.run.ports and start.run.ports[port][0] <= seconds


def _exec(command: list[str], start: Start, seconds: float) -> str:
    if not start.run.known or not command:
        return ""
    run = played(replace(start.around, files=start.files_at(seconds)), command)
    if not run.exit_code or not run.known:
        return ""
    return "\n".join(line for _, line in run.lines) or f"command {command} exited {run.exit_code}"


def _http(action: Object, container: Object, start: Start, seconds: float, pod_ip: str) -> str:
    path = "/" + action.get("path", "/").partition("?")[0].lstrip("/")
    port = _number(action["port"], container)
    if not _listens(start, port, seconds):
        scheme = action.get("scheme", "HTTP").lower()
        return f'Get "{scheme}://{pod_ip}:{port}{path}": {_refused(pod_ip, port)}'
    if start.serves_paths is not None or not start.run.known:
        served = path in (start.serves_paths or {"/"})
    else:
        root = start.run.ports[port][1].rstrip("/")
        wanted = f"{root}{path}index.html" if path.endswith("/") else root + path
        served = not start.run.ports[port][1] or wanted in start.files_at(seconds)
    return "" if served else "HTTP probe failed with statuscode: 404"
