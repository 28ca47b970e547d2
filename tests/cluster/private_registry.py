"""An image registry on 127.0.0.1 that lets no one in: private_registry.py PORT.

It speaks the token protocol of real registries up to the refusal, so that the kubelet
reports what it reports for a private image without credentials.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REFUSAL = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}


class PrivateRegistry(BaseHTTPRequestHandler):
    """Sends every caller to its token endpoint, and gives no token there."""

    def do_GET(self) -> None:
        body = b"" if self.command == "HEAD" else json.dumps(REFUSAL).encode()
        self.send_response(401)
        if not self.path.startswith("/token"):
            realm = f"http://{self.headers.get('Host', '127.0.0.1')}/token"
            self.send_header(
                "WWW-Authenticate", f'Bearer realm="{realm}",service="registry-private.test"'
            )
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  # http.server looks for this name


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), PrivateRegistry).serve_forever()
