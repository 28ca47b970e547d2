"""A chat-completions server for tests: answers from a list and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

PATH = "/v1/chat/completions"


def completion(content: str | None = "{}", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": content, **message}}
    usage = {"prompt_tokens": 700, "completion_tokens": 112, "total_tokens": 812}
    return {"model": "test-model-1", "choices": [choice], "usage": usage}


class ModelServer:
    """Answers from a list, the last one for ever."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("/v1")
        self.answers: list[Callable[[], Response]] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        server.expect_request(PATH, method="POST").respond_with_handler(self._answer)

    def says(self, body: Any, status: int = 200, **headers: str) -> ModelServer:
        text = body if isinstance(body, str) else json.dumps(body)
        names = {
            name if name.startswith("llm_") else name.replace("_", "-"): value
            for name, value in headers.items()
        }
        self.answers.append(lambda: Response(text, status, names, mimetype="application/json"))
        return self

    def _answer(self, request: Request) -> Response:
        self.bodies.append(json.loads(request.data))
        self.headers.append(dict(request.headers))
        make = self.answers[min(len(self.bodies), len(self.answers)) - 1]
        return make()

    @property
    def formats(self) -> list[str]:
        return [body.get("response_format", {}).get("type", "none") for body in self.bodies]
