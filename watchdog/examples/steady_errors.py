"""A drill and examples of `steady_errors`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex

_LOGBACK = "@,123 [worker-#] ERROR c.e.Ledger - order # was not stored: the ledger is closed"


_INFO = "@,123 [worker-#] INFO c.e.Ledger - order # stored"


_GRPC = (
    '{"level":"error","ts":"@","msg":"finished unary call","grpc.method":"Store","grpc.code":"CODE"'
    ',"error":"rpc error: code = CODE desc = order #"}'
)


_HTTP = '{"level":"error","time":"@","msg":"order # was refused",STATUS}'


_REQUEST = '{"level":"error","time":"@","method":"POST","path":"/a/#","status":STATUS,"bytes":431}'


_REFUSALS = (
    "GET /orders/# took 512 ms: 409",
    "PUT /carts/# took 512.3ms: 409",
    "GET /orders?limit=500&page=# 404 3 ms",
    "POST /upload/# size=512 413",
    "PUT /carts/# took 512 milliseconds: 409",
    "GET /orders/# 512 B 404",
    "GET /x/# 403 us-east-1",
)


_CODES = ("NotFound", "InvalidArgument", "AlreadyExists", "Unauthenticated", "PermissionDenied")


_STATUSES = (
    '"http_status":400',
    '"status":404',
    '"httpStatusCode": "422"',
    '"http.response.status_code":401',
    '"res":{"statusCode":409}',
    '"detail":"{\\"responseCode\\":413}"',
    '"answer":"HTTP/1.1 405"',
    '"answer":"415 Unsupported Media Type"',
)


_BUSINESS = (
    "card declined",
    "the card was declined by its issuer",
    "payment declined: do not honor",
    "insufficient funds",
    "the card has expired",
    "invalid IBAN",
    "article 7 is out of stock",
    "voucher expired",
)


_REFUSED = (
    '{"level":"error","ts":"2026-03-02T@Z","msg":"dial tcp 10.0.0.#:5432: connection refused"}'
)


def _each(*forms: str, count: int = 12, every: int = 15, until: int = 5) -> str:
    """The forms by turns, `@` being the time and `#` a number; the last `until` seconds ago."""
    lines = []
    for index in range(count):
        at = ex.ago(until + every * (count - 1 - index))
        form = forms[index % len(forms)]
        lines.append(form.replace("@", f"{at:%H:%M:%S}").replace("#", str(100 + index)))
    return "\n".join(lines)


def _sick() -> dict[str, str]:
    raised = 'psycopg2.OperationalError: connection to server at "db" failed: Connection refused'
    frames = 'Traceback (most recent call last):\n  File "app.py", line 7, in run\n    store()'
    ingress = (
        "2026/03/02 @ [error] 31#31: *# connect() failed (111: Connection refused) while connecting"
        ' to upstream, client: 10.0.0.#, server: _, upstream: "http://10.0.0.7:80/"'
    )
    return {
        "plain": _each("2026-03-02T@Z ERROR order # was not stored"),
        "without times, among lines with times": _each(
            "@ WARN the ledger is closed", "ERROR: order # was not stored", count=24
        ),
        "logback": _each(_LOGBACK),
        "logback, some work is done": _each(_LOGBACK, _LOGBACK, _INFO, count=18),
        "klog": _each("E0302 @.123456       1 queue.go:#] sync of order # failed: no ledger"),
        "JSON, connection refused": _each(_REFUSED),
        "JSON with numbers for levels": _each('{"level":50,"time":"@","msg":"no ledger for #"}'),
        "logfmt, DNS": _each('time=2026-03-02T@Z level=error msg="lookup db: no such host" id=#'),
        "an exception each time": _each(f"@ ERROR sync: order #\n{frames}\n{raised}"),
        "a full disk": _each("@ [ERROR] write /data/wal/#: no space left on device"),
        "a file system to read only": _each("@ ERROR open /cache/#: read-only file system"),
        "a denied file": _each("@ ERROR open /data/# failed: permission denied"),
        "a login": _each('@ FATAL password authentication failed for user "ledger" (#)'),
        "a certificate": _each("@ ERROR x509: certificate has expired or is not yet valid (#)"),
        "nginx and what is behind it": _each(ingress),
        "gRPC, no one answers": _each("@ ERROR rpc error: code = Unavailable desc = no ledger (#)"),
        "gRPC, it is refused itself": _each(
            "@ ERROR store # failed: rpc error: code = PermissionDenied desc = no role"
        ),
        "its own fault in JSON": _each(_GRPC.replace("CODE", "Internal")),
        "requests that it fails": _each(_HTTP.replace("STATUS", '"http_status":500')),
        "requests that it fails, by path": _each("@ ERROR POST /orders/# status=500 took 412 ms"),
        "requests that it fails, in an access log": _each('@ ERROR "PUT /a/# HTTP/1.1" 502 431'),
        "requests that it fails, with their size": _each("@ ERROR POST /a/# status=500 bytes=412"),
        "requests that it fails, whatever their path": _each('@ ERROR "GET /orders/412" 500 #'),
        "requests that it fails, in JSON": _each(_REQUEST.replace("STATUS", "500")),
        "bytes that it cannot read": _each("@ ERROR store #: could not decode 400 bytes"),
        "in another time zone": _each("@ ERROR order # was not stored").replace("14:1", "09:1"),
    }


def _well() -> dict[str, str]:
    trace = "\n".join(f"\tat c.e.Ledger.step{number}(Ledger.java:{number})" for number in range(50))
    raised = "java.lang.IllegalStateException: the ledger is closed"
    favicon = (
        '2026/03/02 @ [error] 31#31: *# open() "/usr/share/nginx/html/favicon.ico" failed (2: No '
        'such file or directory), client: 10.0.0.#, server: _, request: "GET /favicon.ico HTTP/1.1"'
    )
    postgres = '2026-03-02 @.123 UTC [#] FATAL:  role "root" does not exist'
    probed = "@ error: kex_exchange_identification: Connection closed by remote host"
    burst = _each(_LOGBACK, count=9, every=2, until=200)
    return {
        "a burst, then calm": f"{_each(_LOGBACK, count=5, until=300)}\n{_each(_INFO, count=30)}",
        "a burst, then nothing": burst,
        "for less than two minutes": _each(_LOGBACK, every=9),
        "it went on for minutes, and is over": _each(_LOGBACK, until=200),
        "a burst, and one more": f"{burst}\n{_each(_LOGBACK, count=1)}",
        "a burst, or more, without times": _each("ERROR: order # was not stored", count=60),
        "more often than tells for how long": _each(_LOGBACK, count=60, every=1),
        "five times": _each(_LOGBACK, count=5, every=60),
        "warnings": _each("@ WARN order # was not stored, an error of the ledger"),
        "notices in JSON": _each('{"level":"warn","ts":"@","msg":"ERROR from the ledger, #"}'),
        "tried again and done": _each("@ ERROR order # failed", "@ INFO order # succeeded"),
        "it will be tried again": _each("@ ERROR order # failed, retrying in 5s (attempt 2 of 5)"),
        "requests for what is not there": _each('10.0.0.7 [@] "GET /admin.php HTTP/1.1" 404 #'),
        "refused requests": _each("@ ERROR GET /orders/# 403 Forbidden"),
        **{
            f"refused requests with other numbers: {said}": _each(f"@ ERROR {said}")
            for said in _REFUSALS
        },
        "refused requests in JSON": _each(_REQUEST.replace("STATUS", "404")),
        "nginx lacks an icon": _each(favicon),
        "a server's clients have the wrong name": _each(postgres),
        "clients that hang up": _each("@ ERROR request #: context canceled"),
        "probes": _each("@ ERROR kube-probe/1.34 /healthz: code 500 (#)"),
        "TCP probes of sshd": _each(probed, "@ Connection closed by 10.0.0.1 port #", count=30),
        "guessed logins": _each("@ error: maximum attempts exceeded for root from 10.0.0.7 port #"),
        "logins that ran out": _each("@ ERROR request #: jwt expired"),
        "wrong passwords": _each("@ ERROR c.e.Login - order desk #: Bad credentials"),
        "what clients ask for is not there": _each("@ ERROR order # not found"),
        **{
            f"gRPC, a client's fault: {code}": _each(_GRPC.replace("CODE", code)) for code in _CODES
        },
        "gRPC, a client hangs up": _each("@ ERROR finished unary call # with code Canceled"),
        "gRPC in Java": _each("@ ERROR StatusRuntimeException: INVALID_ARGUMENT: order # is odd"),
        "gRPC in Python": _each("@ ERROR order #: StatusCode.ALREADY_EXISTS"),
        "gRPC in Node.js": _each("@ ERROR order #: 3 INVALID_ARGUMENT: it is odd"),
        "gRPC in numbers": _each(_HTTP.replace("STATUS", '"rpc.grpc.status_code":16')),
        **{
            f"HTTP, a client's fault: {status}": _each(_HTTP.replace("STATUS", status))
            for status in _STATUSES
        },
        **{
            f"business as usual: {said}": _each(f"@ ERROR c.e.Pay - order #: {said}")
            for said in _BUSINESS
        },
        "sent twice": _each("@ ERROR: duplicate key value violates unique constraint (#)"),
        "two write at once": _each('E0302 @.1 1 a.go:#] "the object has been modified" order="#"'),
        "one stack trace": f"14:14:50 ERROR sync failed\n{raised}\n{trace}",
        "among many others": _each(_LOGBACK, *[_INFO] * 4, count=50, every=5),
        "debugging": _each("@ DEBUG error of order # handled"),
        "counts": _each("@ requests=#00 errors=0 error_rate=0.0"),
        "a summary of counts": _each("@ ERROR=0 WARN=2 INFO=#"),
        "tests": f"=== RUN TestOrders\n{_each('@ ERROR order # was not stored')}",
        "different errors": "\n".join(
            f"14:{5 + number:02}:01 ERROR {'abcdefghi'[number] * 5} is broken"
            for number in range(9)
        ),
        "nothing": "",
    }


def examples() -> tuple[Example, ...]:
    again = _each(_REFUSED)
    young = ex.pod(ex.running(for_seconds=60))
    task = ex.bare_pod(ex.running())
    return (
        *(Example(name, ex.healthy(text), "Deployment/web") for name, text in _sick().items()),
        *(Example(name, ex.healthy(text), None) for name, text in _well().items()),
        Example("it has just started", ex.snapshot_of(young, ex.log(again, previous=False)), None),
        Example(
            "a pod that someone runs by hand",
            ex.snapshot_of(task, ex.log(again, "task", previous=False)),
            None,
        ),
    )


DRILL = Drill(
    manifest=drill_manifest.deployment(
        "while true; do n=$((n+1)); "
        'echo "$(date -u +%FT%TZ) ERROR order $n was not stored: the ledger is closed"; '
        "sleep 3; done"
    ),
    settle="ready",
    observe={"healthy_logs": 5},
)
