"""Secrets over the ends of lines, and at the ends of what someone cut: each at its boundary."""

from __future__ import annotations

import pytest

from tests.support.secret_samples import hiding
from watchdog.text.redact import Redactor, redact

TOKEN = "glpat-d1cdefghij0123456789"
GITLAB = "<redacted:gitlab-token:1>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # At the very start, at the very end, and twice.
        (f"{TOKEN[:12]}\n{TOKEN[12:]}", f"{GITLAB}\n"),
        (
            f"{TOKEN[:12]}\n{TOKEN[12:]} then {TOKEN[:9]}\n{TOKEN[9:]} ok",
            f"{GITLAB}\n then {GITLAB}\n ok",
        ),
        # A line that begins with a day and a time is no rest of the one before.
        (
            "password: hunter2x9\n03-17 16:13:45.466 W started",
            "password: <redacted:secret:1>\n03-17 16:13:45.466 W started",
        ),
        # The name on the line before; a quote that is closed on the line after.
        (
            "x\npassword:\n  hunter2x-ab\n  cd9 \nport: 80",
            "x\npassword:\n  <redacted:secret:1>\n \nport: 80",
        ),
        (
            'password = "c0rrect\nh0rse-b4\nst4ple-9" ok\nnext',
            'password = "<redacted:secret:1>\n\n" ok\nnext',
        ),
        # What is no secret, and goes on over a line's end, before what is one.
        (
            f"password: ${{DB_PASSWORD}}\nabcd1efgh2\n\n\n\ntoken {TOKEN[:12]}\n{TOKEN[12:]}",
            f"password: ${{DB_PASSWORD}}\nabcd1efgh2\n\n\n\ntoken {GITLAB}\n",
        ),
        # Each far from the other, and at both ends of the text.
        (
            f"{TOKEN[:12]}\n{TOKEN[12:]}\na\nb\nc\nd\ne\nf\n{TOKEN[:12]}\n{TOKEN[12:]}",
            f"{GITLAB}\n\na\nb\nc\nd\ne\nf\n{GITLAB}\n",
        ),
        (
            f"a\n{TOKEN[:12]}\n{TOKEN[12:]}\nb\n{TOKEN[:12]}\n{TOKEN[12:]}\nc",
            f"a\n{GITLAB}\n\nb\n{GITLAB}\n\nc",
        ),
        # Over three lines: as many line ends as before.
        (
            f"up\n{TOKEN[:8]}\n  {TOKEN[8:17]}\n  {TOKEN[17:]}\nok",
            f"up\n{GITLAB}\n\n\nok",
        ),
        # With quotes, to the closing one; the quotes and what follows stay.
        ('password = "c0rrect\nh0rse b4ttery" ok', 'password = "<redacted:secret:1>\n" ok'),
        # Without a closing one, to the end of the line.
        ('password = "c0rrect\nh0rse b4ttery staple', 'password = "<redacted:secret:1>\n'),
        # A word that goes on is one word: what follows it is another one's.
        (
            "Authorization: Token 4uth0r\n1zat10n by the client",
            "Authorization: Token <redacted:authorization:1>\n by the client",
        ),
        (
            "Authorization: Token t4uth0r\n1zat10n by the client",
            "Authorization: Token <redacted:authorization:1>\n by the client",
        ),
        # Whole ones before and after a torn one.
        (
            f"{TOKEN}, {TOKEN[:12]}\n{TOKEN[12:]}, {TOKEN}",
            f"{GITLAB}, {GITLAB}\n, {GITLAB}",
        ),
    ],
)
def test_a_torn_secret_is_replaced_and_nothing_beside_it(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_two_torn_values_side_by_side_are_both_masked() -> None:
    redactor = hiding(FIRST="ab1x-cd2y9", SECOND="ef3x-gh4y9")

    assert redactor.redact("ab1x-\ncd2y9ef3x-\ngh4y9") == "<env FIRST>\n<env SECOND>\n"


def test_a_torn_value_is_masked_each_time_it_occurs() -> None:
    redactor = hiding(REGION="ab1x-cd2y9")

    assert redactor.redact("ab1x-\ncd2y9 or ab1x-\ncd2y9") == "<env REGION>\n or <env REGION>\n"


def test_a_value_at_the_beginning_of_a_line_is_masked_on_that_line() -> None:
    redactor = hiding(REGION="ab1x-cd2y9")

    assert redactor.redact("see\nab1x-cd2y9 ok") == "see\n<env REGION> ok"


def test_a_torn_secret_that_is_the_value_of_a_variable_keeps_its_name() -> None:
    redactor = hiding(SETTING="xoxb-1234567890-e1cdefghij2k")

    assert redactor.redact("with xoxb-1234567890\n-e1cdefghij2k ok") == "with <env SETTING>\n ok"


def test_a_number_over_two_lines_that_is_no_card_is_evidence() -> None:
    text = "order 4111-1111\n-1111-1112 shipped"

    assert redact(text) == text


def test_a_whole_secret_beside_a_wrapped_line_is_replaced_where_it_stands() -> None:
    text = f"one {TOKEN} two\n/x7-y8/z9 three"

    assert redact(text) == f"one {GITLAB} two\n/x7-y8/z9 three"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("orn line\nwhole line\nanother", "whole line\nanother"),
        ("\nwhole line\nanother", "whole line\nanother"),
        ("orn word of one line", "word of one line"),
        ("onewordonly", ""),
        ("a" * 4095 + "\nwhole", "whole"),
        ("a" * 4096 + "\nwhole", ""),
        ("a" * 4095 + " whole", "whole"),
        ("a " + "b" * 4094 + "\nwhole", "b" * 4094 + "\nwhole"),
    ],
)
def test_of_a_text_whose_beginning_was_cut_the_torn_line_or_word_is_left_out(
    text: str, shown: str
) -> None:
    assert Redactor().redact(text, begun=False) == shown
