"""Where a secret begins and ends, and what only looks like one. Each row is exact."""

from __future__ import annotations

import pytest

from watchdog.text.redact import redact
from watchdog.text.secret_finder import secrets_in

S = "<redacted:secret:1>"
CARD = "<redacted:card:1>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"password":"hunter2","user":"x"}', f'{{"password":"{S}","user":"x"}}'),
        ("the passwd: 'abc def' here", f"the passwd: '{S}' here"),
        ("password=hunterh and more", f"password={S} and more"),
        ('password="hunter2', f'password="{S}'),
        ("dial redis://app:hunter2@db:1", "dial redis://app:<redacted:password:1>@db:1"),
        # A quoted word is a value, and so is what follows without a space.
        ('token: "expired"', f'token: "{S}"'),
        ("token: expired", "token: expired"),
        ("token=expired", f"token={S}"),
        # Short numbers are counts, and so are numbers of several things.
        ("token: 812", "token: 812"),
        ("token: 8124", f"token: {S}"),
        ("token: 812412", f"token: {S}"),
        ("token: ab1", f"token: {S}"),
        ("token=812", f"token={S}"),
        ("tokens=812412", "tokens=812412"),
        ("credentials=hunter2x", f"credentials={S}"),
        # The working directory is a path; a password may look like one.
        ("PWD=/srv/app", "PWD=/srv/app"),
        ("PWD=srv/app", f"PWD={S}"),
        ("password=/x7y/z", f"password={S}"),
        # Bearer tokens hold a digit or are longer than words.
        ("bearer abcdefghijklmnopqrstuvw", "bearer abcdefghijklmnopqrstuvw"),
        ("bearer abcdefghijklmnopqrstuvwx", "bearer <redacted:bearer:1>"),
        ("bearer abcdefg1", "bearer <redacted:bearer:1>"),
        # Basic is followed by a name and a password in base64, or by a word.
        ("basic YTpi", "basic YTpi"),
        ("basic YTpiYw==", "basic <redacted:basic:1>"),
        ("basic structure", "basic structure"),
        ("basic authentication", "basic authentication"),
    ],
)
def test_a_secret_is_replaced_and_nothing_beside_it(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "number",
    [
        "4111 1111 1111 1111",
        "4012-8888-8888-1881",
        "5555555555554444",
        "5105105105105100",
        "2223003122003222",
        "6011 1111 1111 1117",
        "3782 822463 10005",
        "371449635398431",
    ],
)
def test_the_number_of_a_card_is_hidden_and_with_one_digit_changed_it_is_none(number: str) -> None:
    assert redact(f"charged {number} now") == f"charged {CARD} now"
    for at in (-1, -2, 2):
        digit = str((int(number[at]) + 1) % 10)
        other = number[:at] + digit + number[at + 1 or len(number) :]
        assert redact(f"charged {other} now") == f"charged {other} now"


def test_where_a_secret_stands_is_told_with_its_kind() -> None:
    text = "at 7: password=hunter2 and glpat-d1cdefghij0123456789"

    found = {(text[start:end], kind) for start, end, kind in secrets_in(text)}

    assert found >= {("hunter2", "secret"), ("glpat-d1cdefghij0123456789", "gitlab-token")}
    assert list(secrets_in("nothing of the kind")) == []


def test_what_is_masked_or_only_looks_like_a_secret_is_not_found() -> None:
    assert list(secrets_in("password=<redacted:secret:1>, token: expired")) == []
