"""The one call to the model, over the OpenAI client, to any compatible server.

The only importer of `openai`, and only when it asks, so that a healthy pass never loads it.
What an error means is in server_errors.py; reading the answer's text is parse.py's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from watchdog.clock import Budget, within
from watchdog.errors import ModelError, ModelFault
from watchdog.integrations.answers import CallError
from watchdog.llm.address import check_address
from watchdog.llm.own_secrets import own_secrets
from watchdog.llm.prompt_parts import DEFAULT_URL, Prompt
from watchdog.llm.reply import MOST_BYTES, Reply, Rung, counted, read_body
from watchdog.llm.schema import NAME
from watchdog.llm.server_errors import (
    ServerError,
    Verdict,
    got_through,
    judged,
    no_answer,
    refused_option,
    said_by,
    speaks_of_the_format,
)
from watchdog.settings.services import LLMSettings

if TYPE_CHECKING:
    from openai import APIError, OpenAI  # noqa: TID251 - this module owns the client

RUNGS: tuple[Rung, ...] = ("json_schema", "json_object", "none")
SHARE = 0.25
"""Of a pass's time that the model may take in all: what rules can repair must not wait for it."""

_CONNECT_SECONDS = 5.0
_ATTEMPTS = 3
_ATTEMPTS_ABOVE_A_LOWER_RUNG = 2
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 8.0
# A server in one of these ways is not asked for the next namespace: it would cost as long again.
_DOWN = frozenset({ModelFault.TIMEOUT, ModelFault.SERVER, ModelFault.UNREACHABLE})


class _FailedError(Exception):
    """One request failed."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.why)
        self.verdict = verdict


@dataclass
class _Manner:
    """How the server is asked: formats from the best that it takes down, and options."""

    rungs: tuple[Rung, ...]
    options: dict[str, Any]


@dataclass
class _Asking:
    """One question with its retries; works on a copy, as its thread may be abandoned."""

    manner: _Manner
    budget: Budget
    seconds: float
    waited: float = 0.0
    last: Verdict | None = None
    # Whether what was stepped down from is worth remembering: refused, not only unanswered.
    refused: bool = True
    # Whether anything of the prompt may have gone out.
    sent: bool = False
    refusals: list[str] = field(default_factory=list)

    def repeats(self, verdict: Verdict) -> bool:
        """Whether another format failed with the very same words: then it is not about formats."""
        answered = verdict.fault is not ModelFault.UNREACHABLE
        return answered and verdict.why in self.refusals and not speaks_of_the_format(verdict.why)


class Model:
    """The configured model. For the pass it remembers what the server refused, and if it is down.

    All questions together may take `share` of what is left of the budget now.
    """

    def __init__(
        self,
        settings: LLMSettings,
        budget: Budget,
        sleep: Callable[[float], None] = time.sleep,
        share: float = 1.0,
    ) -> None:
        self._settings = settings
        self._budget = budget
        self._sleep = sleep
        self._secrets = own_secrets(settings)
        self._seconds_left = share * budget.remaining()
        self._down: ModelError | None = None
        rungs = RUNGS if settings.response_format == "auto" else (settings.response_format,)
        wanted = {"temperature": settings.temperature, "max_tokens": settings.max_output_tokens}
        options = {name: value for name, value in wanted.items() if value is not None}
        self._manner = _Manner(rungs, options)

    def ask(self, prompt: Prompt) -> Reply:
        """The answer to that prompt; its `problem` is set where the text cannot be used.

        Takes at most `timeout_seconds`, what is left of the budget and of the model's share of it:
        retries, format ladder and a server that drips included. Raises ModelError where no answer
        came.
        """
        settings = self._settings
        url = settings.base_url or DEFAULT_URL
        check_address(url, plain_http=settings.allow_plain_http)
        if self._down is not None:
            raise ModelError(f"not asked again in this pass: {self._down}", ModelFault.NOT_ASKED)
        if self._budget.remaining() <= 0:
            raise ModelError("no time was left to ask the model", ModelFault.NOT_ASKED)
        seconds = min(settings.timeout_seconds, self._budget.remaining(), self._seconds_left)
        if seconds <= 0:
            raise ModelError(
                "the model's share of this pass is used up; the next pass asks it",
                ModelFault.NOT_ASKED,
            )
        began = self._budget.clock.monotonic()
        try:
            return self._answered(url, prompt, self._budget.part(seconds), seconds)
        except ModelError as error:
            if error.fault in _DOWN:
                self._down = error
            raise
        finally:
            self._seconds_left -= self._budget.clock.monotonic() - began

    def _answered(self, url: str, prompt: Prompt, budget: Budget, seconds: float) -> Reply:
        from openai import OpenAI, OpenAIError  # noqa: TID251 - this module owns the client

        from watchdog.llm.http_client import bounded_client

        settings = self._settings
        # Servers that want no key are sent a placeholder: the client insists on one.
        key = settings.api_key.get_secret_value() if settings.api_key else "none"
        headers = {name: value.get_secret_value() for name, value in settings.extra_headers.items()}
        manner = replace(self._manner, options=dict(self._manner.options))
        asking = _Asking(manner, budget, seconds)

        def call() -> Reply:
            with OpenAI(
                api_key=key,
                base_url=url,
                max_retries=0,
                default_headers=headers,
                http_client=bounded_client(url, MOST_BYTES),
            ) as client:
                return self._climb_down(client, prompt, asking)

        try:
            reply = within(budget, call)
        except TimeoutError:
            before = f" (before that: {asking.last.why})" if asking.last else ""
            why = f"the model did not answer within {seconds:.0f} s{before}"
            raise ModelError(why, ModelFault.TIMEOUT) from None
        except _FailedError as failed:
            why, fault = str(failed), failed.verdict.fault
            raise ModelError(why, fault, sent=asking.sent) from failed.__cause__
        except (OpenAIError, ValueError, OSError) as error:
            why = f"the model cannot be asked ({type(error).__name__})"
            raise ModelError(why, ModelFault.ADDRESS) from error
        self._manner.options = asking.manner.options
        if asking.refused:
            self._manner.rungs = asking.manner.rungs
        return counted(reply, prompt.length, settings.model_name)

    def _climb_down(self, client: OpenAI, prompt: Prompt, asking: _Asking) -> Reply:
        manner = asking.manner
        while True:
            try:
                return self._insist(client, prompt, asking)
            except _FailedError as failed:
                verdict = failed.verdict
                if not verdict.lower or len(manner.rungs) == 1:
                    raise
                if asking.repeats(verdict):
                    raise
                asking.refusals.append(verdict.why)
                asking.refused &= verdict.fault is not ModelFault.UNREACHABLE
                manner.rungs = manner.rungs[1:]

    def _insist(self, client: OpenAI, prompt: Prompt, asking: _Asking) -> Reply:
        """Send on the present rung, again where that may heal, within the budget.

        A server that says that it is busy, as one that loads its model does, is asked for as long
        as the budget lasts.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._send(client, prompt, asking)
            except _FailedError as failed:
                verdict = failed.verdict
                asking.last = verdict
                asking.sent |= verdict.sent
                lower = verdict.lower and len(asking.manner.rungs) > 1
                most = _ATTEMPTS_ABOVE_A_LOWER_RUNG if lower else _ATTEMPTS
                most = 1 if asking.repeats(verdict) else most
                backoff = min(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1), _LONGEST_WAIT_SECONDS)
                wait = backoff if verdict.wait is None else verdict.wait
                over = attempt >= most and not verdict.busy
                asking.waited += wait
                late = wait >= asking.budget.remaining() or asking.waited >= asking.seconds
                if not verdict.again or over or late:
                    raise
                self._sleep(wait)

    def _send(self, client: OpenAI, prompt: Prompt, asking: _Asking) -> Reply:
        from openai import APIError, APITimeoutError, Timeout  # noqa: TID251 - as above

        budget, manner = asking.budget, asking.manner
        if budget.remaining() <= 0:
            why = "the model did not answer in time"
            raise _FailedError(Verdict(why, ModelFault.TIMEOUT, sent=False))
        rung = manner.rungs[0]
        timeout = Timeout(budget.timeout(self._settings.timeout_seconds), connect=_CONNECT_SECONDS)
        try:
            raw = client.chat.completions.with_raw_response.create(
                model=self._settings.model_name,
                messages=[
                    {"role": "system", "content": prompt.system},
                    {"role": "user", "content": _user(prompt, rung)},
                ],
                stream=False,
                extra_body={
                    **_format(prompt, rung),
                    **manner.options,
                    **self._settings.extra_body,
                },
                timeout=timeout,
            )
        except APITimeoutError as error:
            why = "the model did not answer in time"
            sent = got_through(error)
            raise _FailedError(Verdict(why, ModelFault.TIMEOUT, sent=sent)) from error
        except CallError as error:
            why = f"the model's server cannot be used: {error}"
            raise _FailedError(Verdict(why, ModelFault.UNUSABLE)) from error
        except APIError as error:
            if self._adapt(error, manner):
                return self._send(client, prompt, asking)
            raise _FailedError(self._judged(error, prompt)) from error
        reply = read_body(raw.content, rung, self._secrets)
        if reply.error is not None:
            said = said_by(reply.error)
            why = f"the model's server answered with an error: {said}"
            lower = speaks_of_the_format(reply.error)
            raise _FailedError(Verdict(why, ModelFault.REFUSED, lower=lower))
        return reply

    @property
    def _secret(self) -> str:
        key = self._settings.api_key
        return key.get_secret_value() if key else ""

    def _adapt(self, error: APIError, manner: _Manner) -> bool:
        """Drop or rename an option that the server refuses by name; each at most once."""
        found = _server_error(error)
        option = refused_option(found, manner.options) if found else None
        if option is None:
            return False
        value = manner.options.pop(option)
        if option == "max_tokens":
            manner.options["max_completion_tokens"] = value
        return True

    def _judged(self, error: APIError, prompt: Prompt) -> Verdict:
        """What a failure means: try again, step down, or give up."""
        found = _server_error(error)
        if found is None:
            return no_answer(error)
        url = self._settings.base_url or DEFAULT_URL
        return judged(
            found,
            secret=self._secret,
            url=url,
            prompt_chars=prompt.length,
            secrets=self._secrets,
        )


def _server_error(error: APIError) -> ServerError | None:
    """The answer behind the client's error; None where no answer came."""
    response = getattr(error, "response", None)
    if response is None:
        return None
    headers = {name.lower(): value for name, value in response.headers.items()}
    return ServerError(response.status_code, headers, response.text)


def _user(prompt: Prompt, rung: Rung) -> str:
    return prompt.user if rung == "json_schema" else prompt.user_with_schema


def _format(prompt: Prompt, rung: Rung) -> dict[str, Any]:
    if rung == "json_schema":
        schema = {"name": NAME, "strict": True, "schema": prompt.schema}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {"response_format": {"type": "json_object"}} if rung == "json_object" else {}
