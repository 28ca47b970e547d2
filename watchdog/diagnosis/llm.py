"""The one call to the model, over the OpenAI client, to any compatible server.

The only importer of `openai`, and only when it asks, so that a healthy pass never loads it.
Reading the answer's text is parse.py's.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from concurrent import futures
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import tenacity

from watchdog.clock import Budget
from watchdog.diagnosis.prompt import Prompt
from watchdog.diagnosis.reply import Reply, Rung, read_body
from watchdog.diagnosis.schema import NAME
from watchdog.errors import ModelError
from watchdog.observation.words import clean
from watchdog.settings import LLMSettings

if TYPE_CHECKING:
    from openai import APIError, OpenAI  # noqa: TID251 - this module owns the client

RUNGS: tuple[Rung, ...] = ("json_schema", "json_object", "none")

_DEFAULT_URL = "https://api.openai.com/v1"
_SLICE_SECONDS = 0.25
_PROBE = 'Answer with the JSON object {"word": "ready"} and nothing else.'
_CONNECT_SECONDS = 5.0
_ATTEMPTS = 3
_ATTEMPTS_ABOVE_A_LOWER_RUNG = 2
_BAD_REQUEST, _SERVER_ERROR, _TOO_MANY = 400, 500, 429
# These speak of the key, the address or the amount: another response format would change nothing.
_NOT_THE_FORMAT = frozenset({401, 402, 403, 404, 408, 409, 413, 429})
_PASSING = frozenset({408, 409, 429})
_IN_WORDS = {
    401: "the model's server refused the API key (401)",
    402: "the model's server asks for payment (402)",
    403: "the model's server forbids this (403)",
    413: "the prompt is too large for the model's server (413)",
}


class _FailedError(Exception):
    """One request failed. `again`: it may heal; `lower`: a lower rung of the ladder may work."""

    def __init__(
        self, why: str, *, again: bool = False, lower: bool = False, wait: float | None = None
    ) -> None:
        super().__init__(why)
        self.again = again
        self.lower = lower
        self.wait = wait


class Model:
    """The configured model. For the pass it remembers which response format the server takes."""

    def __init__(
        self,
        settings: LLMSettings,
        budget: Budget,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._budget = budget
        self._sleep = sleep
        self._rungs = RUNGS if settings.response_format == "auto" else (settings.response_format,)
        wanted = {"temperature": settings.temperature, "max_tokens": settings.max_output_tokens}
        self._options = {name: value for name, value in wanted.items() if value is not None}

    def ask(self, prompt: Prompt) -> Reply:
        """The answer to that prompt; its `problem` is set where the text cannot be used.

        Takes at most `timeout_seconds` and what is left of the budget: retries, format ladder and
        a server that drips included. Raises ModelError where no answer came.
        """
        settings = self._settings
        url = settings.base_url or _DEFAULT_URL
        _check_address(url, plain_http=settings.allow_plain_http)
        seconds = min(settings.timeout_seconds, self._budget.remaining())
        if seconds <= 0:
            raise ModelError("no time was left to ask the model")
        from openai import OpenAI, OpenAIError  # noqa: TID251 - this module owns the client

        # Servers that want no key are sent a placeholder: the client insists on one.
        key = settings.api_key.get_secret_value() if settings.api_key else "none"
        budget = self._budget.part(seconds)
        try:
            with OpenAI(api_key=key, base_url=url, max_retries=0) as client:
                return _within(budget, lambda: self._climb_down(client, prompt, budget))
        except _FailedError as failed:
            raise ModelError(str(failed)) from failed.__cause__
        except (OpenAIError, ValueError, OSError) as error:
            raise ModelError(f"the model cannot be asked ({type(error).__name__})") from error

    def _climb_down(self, client: OpenAI, prompt: Prompt, budget: Budget) -> Reply:
        while True:
            try:
                return self._insist(client, prompt, budget)
            except _FailedError as failed:
                if not failed.lower or len(self._rungs) == 1:
                    raise
                self._rungs = self._rungs[1:]

    def _insist(self, client: OpenAI, prompt: Prompt, budget: Budget) -> Reply:
        """Send on the present rung, again where that may heal, within the budget."""

        def seconds_to_wait(state: tenacity.RetryCallState) -> float:
            failed = _failure(state)
            return 0.5 * 2 ** (state.attempt_number - 1) if failed.wait is None else failed.wait

        def is_enough(state: tenacity.RetryCallState) -> bool:
            lower = _failure(state).lower and len(self._rungs) > 1
            most = _ATTEMPTS_ABOVE_A_LOWER_RUNG if lower else _ATTEMPTS
            return state.attempt_number >= most or state.upcoming_sleep >= budget.remaining()

        patiently = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, _FailedError) and e.again),
            wait=seconds_to_wait,
            stop=is_enough,
            sleep=self._sleep,
            reraise=True,
        )
        return patiently(self._send, client, prompt, budget)

    def _send(self, client: OpenAI, prompt: Prompt, budget: Budget) -> Reply:
        from openai import APIError, APITimeoutError, Timeout  # noqa: TID251 - as above

        if budget.remaining() <= 0:
            raise _FailedError("the model did not answer in time")
        rung = self._rungs[0]
        timeout = Timeout(budget.timeout(self._settings.timeout_seconds), connect=_CONNECT_SECONDS)
        try:
            raw = client.chat.completions.with_raw_response.create(
                model=self._settings.model_name,
                messages=[
                    {"role": "system", "content": prompt.system},
                    {"role": "user", "content": _user(prompt, rung)},
                ],
                stream=False,
                extra_body={**_format(prompt, rung), **self._options},
                timeout=timeout,
            )
        except APITimeoutError as error:
            raise _FailedError("the model did not answer in time") from error
        except APIError as error:
            if self._adapt(error):
                return self._send(client, prompt, budget)
            raise self._judged(error) from error
        reply = read_body(raw.content, rung)
        if reply.error is not None:
            said = self._said(reply.error)
            lower = _speaks_of_the_format(reply.error)
            raise _FailedError(f"the model's server answered with an error: {said}", lower=lower)
        return reply

    def _adapt(self, error: APIError) -> bool:
        """Drop or rename an option that the server refuses by name; each at most once."""
        if getattr(error, "status_code", None) not in {400, 422}:
            return False
        text = _text(error)
        if "temperature" in self._options and "temperature" in text:
            del self._options["temperature"]
            return True
        if "max_tokens" in self._options and "max_" in text and "tokens" in text:
            self._options["max_completion_tokens"] = self._options.pop("max_tokens")
            return True
        return False

    def _judged(self, error: APIError) -> _FailedError:
        """What a failure means: try again, step down, or give up."""
        status = getattr(error, "status_code", None)
        if status is None:
            # A refused connection has seen no format; one that broke may have choked on it.
            refused = type(error.__cause__).__name__ == "ConnectError"
            where = "cannot be reached" if refused else "broke the connection"
            return _FailedError(f"the model's server {where}", again=True, lower=not refused)
        text = _text(error)
        said = self._said(error.message)
        if status == _TOO_MANY and any(word in text for word in ("quota", "billing", "credit")):
            return _FailedError("the model's quota is used up (429)")
        if status in _PASSING:
            wait = _retry_after(error)
            return _FailedError(f"the model's server is busy ({status})", again=True, wait=wait)
        if status in _IN_WORDS:
            return _FailedError(_IN_WORDS[status])
        if status >= _SERVER_ERROR:
            return _FailedError(f"the model's server failed ({status})", again=True, lower=True)
        if "context_length" in text or "content_filter" in text:
            return _FailedError(f"the model's server refused the prompt ({status}): {said}")
        lower = status not in _NOT_THE_FORMAT
        return _FailedError(f"the model's server refused ({status}): {said}", lower=lower)

    def _said(self, message: str) -> str:
        """The server's own words, short, without the key that it may repeat."""
        key = self._settings.api_key
        secret = key.get_secret_value() if key else ""
        return clean(message.replace(secret, "***") if secret else message, 160)


def probe(settings: LLMSettings, budget: Budget) -> str:
    """Ask for one word, as `doctor` does; what came back, in a few words. ModelError where nothing.

    The answer may be nonsense all the same: this proves address, key and model, not sense.
    """
    schema = {
        "type": "object",
        "properties": {"word": {"type": "string"}},
        "required": ["word"],
        "additionalProperties": False,
    }
    question = Prompt("You test a connection.", _PROBE, schema, {}, {}, "")
    reply = Model(settings, budget).ask(question)
    if reply.problem:
        raise ModelError(reply.problem)
    named = f" as {reply.model}" if reply.model else ""
    return f"answers{named}, with response format {reply.rung}"


def _failure(state: tenacity.RetryCallState) -> _FailedError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _FailedError)  # retry_if_exception let nothing else through
    return error


def _user(prompt: Prompt, rung: Rung) -> str:
    return prompt.user if rung == "json_schema" else prompt.user_with_schema


def _format(prompt: Prompt, rung: Rung) -> dict[str, Any]:
    if rung == "json_schema":
        schema = {"name": NAME, "strict": True, "schema": prompt.schema}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {"response_format": {"type": "json_object"}} if rung == "json_object" else {}


def _text(error: APIError) -> str:
    return f"{error.message} {error.body}".lower()


def _speaks_of_the_format(text: str) -> bool:
    return any(word in text.lower() for word in ("format", "schema", "json", "grammar"))


def _retry_after(error: APIError) -> float | None:
    """Seconds; None where the header is missing or no plain number."""
    response = getattr(error, "response", None)
    value = response.headers.get("retry-after", "") if response is not None else ""
    return float(value) if value.isascii() and value.isdigit() else None


def _check_address(url: str, *, plain_http: bool) -> None:
    """Raise ModelError where the prompt would travel readable beyond this cluster."""
    try:
        parts = urlsplit(url)
        host, scheme, _ = parts.hostname or "", parts.scheme, parts.port
    except ValueError:
        raise ModelError("SRE_AGENT_LLM__BASE_URL is no usable address") from None
    if scheme not in {"http", "https"} or not host:
        raise ModelError("SRE_AGENT_LLM__BASE_URL must start with https:// or http://")
    if scheme == "http" and not plain_http and not _is_near(host):
        raise ModelError(
            f"http:// to {clean(host, 80)} would send the prompt in the clear: use https://, "
            "or set SRE_AGENT_LLM__ALLOW_PLAIN_HTTP=true"
        )


def _is_near(host: str) -> bool:
    """Whether the host is this machine, inside the cluster or on a private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".svc", ".svc.cluster.local", ".localhost"))
    # Link-local is where clouds keep their metadata service, not where models live.
    return address.is_private and not (address.is_link_local or address.is_unspecified)


def _within(budget: Budget, call: Callable[[], Reply]) -> Reply:
    """The call's result, or ModelError when the budget is over, whatever the server does.

    The client's own timeouts are per read, so a server that drips would hold it for ever. The
    thread is abandoned then; it ends with its connection, at the latest with the process.
    """
    future: futures.Future[Reply] = futures.Future()
    seconds = budget.remaining()

    def work() -> None:
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 - carried over: the caller's thread raises it
            future.set_exception(error)

    Thread(target=work, name="model", daemon=True).start()
    while left := budget.remaining():
        # In slices: a pass that is told to stop shortens its budget while we wait.
        done, _ = futures.wait([future], timeout=min(left, _SLICE_SECONDS))
        if done:
            return future.result()
    raise ModelError(f"the model did not answer within {seconds:.0f} s")
