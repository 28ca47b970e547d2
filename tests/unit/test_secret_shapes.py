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


S2 = "<redacted:secret:2>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # What goes on with a value: of a list, after a change, in parts, between brackets.
        ('{"credentials":["app","h7nter2x"]}', f'{{"credentials":["app","{S}"]}}'),
        ('token = ["h7nter2x", "xx"] "yy"', f'token = ["{S}", "{S2}"] "yy"'),
        ('~ api_key = "old-7x" -> "new-8y"', f'~ api_key = "{S}" -> "{S2}"'),
        ("apiKey = 'h7nter2x' +\n  'q9w8e7r6';", f"apiKey = '{S}' +\n  '{S2}';"),
        ("token = (\n  'h7nter2x'\n  'q9w8e7r6'\n)\n'x'", f"token = (\n  '{S}'\n  '{S2}'\n)\n'x'"),
        ("password = 'h7nter2x'\n'x' -> 'y'", f"password = '{S}'\n'x' -> 'y'"),
        ('name = "old-7x" -> "new-8y"', 'name = "old-7x" -> "new-8y"'),
        ("map[password:[104 117 110 116] user:x]", f"map[password:{S} user:x]"),
        ("db.password\\: h7nter2x", f"db.password\\: {S}"),
        ("token \u2013 h7nter2x", f"token \u2013 {S}"),
        ("token \u2013 renewed", "token \u2013 renewed"),
        # A digest of a Secret, a parser's word, the name of a method, a sentence about a flag.
        ("checksum/secret: 9f86d081884c7d65", "checksum/secret: 9f86d081884c7d65"),
        ("my/secret: 9f86d081884c7d65", f"my/secret: {S}"),
        ('unexpected token: Ident("b4d")', 'unexpected token: Ident("b4d")'),
        ("undefined method `token=' for x", "undefined method `token=' for x"),
        ("--password must be set", "--password must be set"),
        ("--password h7nter2x be set", f"--password {S} be set"),
        ('--password "must"', '--password "must"'),
        ("--password=must", f"--password={S}"),
        # The parameters of a statement by their numbers.
        (
            "update u set a=?, pwd=?\nbinding parameter [1] as [X] - [me]\n (2:X) <- [h7nter]",
            f"update u set a=?, pwd=?\nbinding parameter [1] as [X] - [me]\n (2:X) <- [{S}]",
        ),
        (
            "UPDATE u SET password = $1 WHERE id = $2 parameters: $1 = 'h7nter', $2 = '7'",
            f"UPDATE u SET password = $1 WHERE id = $2 parameters: $1 = '{S}', $2 = '7'",
        ),
        (
            "UPDATE u SET age = $1 WHERE id = $2 parameters: $1 = 'h7nter', $2 = '7'",
            "UPDATE u SET age = $1 WHERE id = $2 parameters: $1 = 'h7nter', $2 = '7'",
        ),
        # What is encoded behind an equals sign or `0x`, and as SASL sends it.
        ("x=cGFzc3dvcmQ9aHVudGVyMg==", "x=<redacted:encoded:1>"),
        ("x 0x70617373776f72643d68756e746572", "x 0x<redacted:encoded:1>"),
        ("PLAIN AGFwcABodW50ZXI=", "PLAIN <redacted:encoded:1>"),
        ("PLAIN YXBwcABodW50ZXI=", "PLAIN YXBwcABodW50ZXI="),
        # A command line as a list of texts.
        ('["mysql", "-uroot", "-ph7nter2x", "db"]',
         '["mysql", "-uroot", "-p<redacted:password:1>", "db"]'),
        ('["redis-cli","-a","h7nter2x","ping"]',
         '["redis-cli","-a","<redacted:password:1>","ping"]'),
        # A text of several lines that is one of JSON, in colours too, and any character in it.
        (
            r'{"log":"all:\n  user: app\n  password: hunterx\n"}',
            rf'{{"log":"all:\n  user: app\n  password: {S}\n"}}',
        ),
        (r'{"log":"set -x DB_PASS hunterx\nnext"}', rf'{{"log":"set -x DB_PASS {S}\nnext"}}'),
        (r'{"log":"\"app\" \"h7nter2x\"\n"}', rf'{{"log":"\"app\" \"{S}\"\n"}}'),
        (r'{"log":"a\tpassword\tis h7nter2x"}', rf'{{"log":"a\tpassword\tis {S}"}}'),
        (
            r'{"log":"\u001b[36mpassword\u001b[0m=\u001b[33mhunterx\u001b[0m"}',
            rf'{{"log":"\u001b[36mpassword\u001b[0m=\u001b[33m{S}"}}',
        ),
        (
            r'"\u043f\u0430\u0440\u043e\u043b\u044c: h7nter2x"',
            rf'"\u043f\u0430\u0440\u043e\u043b\u044c: {S}"',
        ),
        # Of an address the part that is a secret.
        ("https://hc-ping.com/0b7e1c52-3c0a-4e5e-9a51-6c1f0d2b7a11",
         "https://hc-ping.com/<redacted:webhook:1>"),
    ],
)  # fmt: skip
def test_what_goes_on_with_a_secret_is_hidden_and_what_only_reads_like_one_is_shown(
    text: str, shown: str
) -> None:
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
