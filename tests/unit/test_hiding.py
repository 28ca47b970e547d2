"""What is masked because we know it to be private, and what of a text nobody should see at all."""

from __future__ import annotations

import base64

import pytest

from tests.canaries import CANARIES, hiding
from watchdog.observation.redact import Redactor, clean, redact
from watchdog.observation.workloads import ContainerState

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        # Six characters are masked wherever they stand, and in every form of them.
        ("blue-7", "is blue-7x", "is <env MODE>x"),
        ("blue7", "is blue7", "is blue7"),
        ("a/b c7", "at a%2Fb%20c7", "at <env MODE>"),
        ("a/b c7", base64.b64encode(b"a/b c7").decode(), "<env MODE>"),
        # As JSON writes it, with and without letters beyond ASCII.
        ("zürich-7", 'city "z\\u00fcrich-7"', 'city "<env MODE>"'),
        ('zü"rich-7', 'city "zü\\"rich-7"', 'city "<env MODE>"'),
        # Lines of sixteen characters and more say whose they are, shorter ones may be anybody's.
        ("first line of it\nok", "> first line of it", "> <env MODE>"),
        ("first line of 7\nok", "> first line of 7", "> first line of 7"),
        # A secret within the value, but no word beside one.
        ("amqp://app:ab1@mq/", "login ab1 failed", "login <env MODE> failed"),
        ("token: expired", "the session expired", "the session expired"),
        ("production", "in production", "in production"),
    ],
)
def test_a_value_is_masked_in_each_form_that_tells_whose_it_is(
    value: str, text: str, shown: str
) -> None:
    assert hiding(MODE=value).redact(text) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("DB_PASS", "ab1", "is <env DB_PASS>"),
        ("DB_PASS", "a1", "is a1"),
        ("DB_PASS", "ab1cd", "is <env DB_PASS>"),
        ("ZONE", "ab1cd", "is ab1cd"),
        ("DB_HOST", "database", "is database"),
        ("DB_NAME", "database", "is <env DB_NAME>"),
        ("DB_HOST", "Data Base", "is <env DB_HOST>"),
    ],
)
def test_the_name_of_a_value_decides_how_short_it_may_be_and_whether_it_is_an_address(
    name: str, value: str, shown: str
) -> None:
    assert hiding(**{name: value}).redact(f"is {value}") == shown


@pytest.mark.parametrize("order", [("A_PART_OF_IT", "ALL"), ("ALL", "A_PART_OF_IT")])
def test_a_value_inside_a_longer_one_does_not_split_it(order: tuple[str, str]) -> None:
    values = {"A_PART_OF_IT": "europe-west", "ALL": "europe-west4-c"}

    text = hiding(**{name: values[name] for name in order}).redact("europe-west4-c, europe-west")

    assert text == "<env ALL>, <env A_PART_OF_IT>"


def test_the_first_name_that_a_value_was_seen_under_is_kept() -> None:
    redactor = hiding(REGION="europe-7")
    redactor.hide_arguments(["--region=europe-7"])

    assert redactor.redact("in europe-7") == "in <env REGION>"


@pytest.mark.parametrize(
    ("words", "text", "shown"),
    [
        # A word after a flag is the flag's, another flag is not, and nor is the word after that.
        (["--tenant", "acme-7", "acme-8"], "acme-7 acme-8", "<arg tenant> acme-8"),
        (["--tenant=acme-7", "acme-8"], "acme-7 acme-8", "<arg tenant> acme-8"),
        (["acme-7", "--tenant", "acme-8"], "acme-7 acme-8", "acme-7 <arg tenant>"),
        (["--verbose", "--tenant", "acme-8"], "acme-8", "<arg tenant>"),
        (["--tenant=", "--zone=eu-north-7"], "eu-north-7", "<arg zone>"),
        (["--log-level=verbose-7", "--zone=eu-north-7"], "verbose-7", "verbose-7"),
        # What says where or how much is shown, unless the flag is a secret's.
        (["--config=/etc/app-7", "--zone=eu-north-7"], "eu-north-7", "<arg zone>"),
        (["--password=/etc/app-7"], "/etc/app-7", "<arg password>"),
        (["--password=ab1"], "is ab1", "is <arg password>"),
        (["--zone=ab1"], "is ab1", "is ab1"),
    ],
)
def test_an_argument_is_masked_by_the_flag_that_it_belongs_to(
    words: list[str], text: str, shown: str
) -> None:
    redactor = Redactor()
    redactor.hide_arguments(words, shown=("LOG_LEVEL",))

    assert redactor.redact(text) == shown


@pytest.mark.parametrize(
    "line",
    [
        "mysql -uroot -p{} shop",
        "redis-cli -h cache -a {} ping",
        "curl -u bob:{} http://web",
        "sshpass -p {} ssh web",
        "mongosh -u bob -p {}",
        "mosquitto_pub -u bob -P {}",
        "ldapsearch -x -w {}",
        "openssl enc -aes-256-cbc -k {}",
        "docker login -u bob -p {} r.io",
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_password_after_a_letter_is_masked_by_its_program_in_logs_too(
    line: str, *, whole: bool
) -> None:
    said = line.format("hunter2-7")
    words = ["sh", "-c", said] if whole else said.split()
    redactor = Redactor()
    redactor.hide_arguments(words)

    assert "hunter2-7" not in "".join(redactor.words(words))
    assert redactor.redact("refused hunter2-7") == "refused <redacted:password:1>"


def test_a_short_password_after_a_letter_is_masked_in_logs_too() -> None:
    redactor = Redactor()
    redactor.hide_arguments(["redis-cli", "-a", "ab1"])

    assert redactor.redact("refused ab1, not tab12") == "refused <redacted:password:1>, not tab12"


@pytest.mark.parametrize(
    "line",
    [
        "redis-cli -a $PW",
        "sqlcmd -P 1433",
        "ldapsearch -W -w",
        "login -p -u bob",
        "mongo",
        "app --token --verbose",
    ],
)
def test_what_is_no_password_after_a_letter_is_shown(line: str) -> None:
    redactor = Redactor()
    redactor.hide_arguments(line.split())

    assert " ".join(redactor.words(line.split())) == line


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("--token", "hunter2"), ("--token", "<redacted:secret:1>")),
        (("--token", "123456"), ("--token", "<redacted:secret:1>")),
        (("--tokens", "hunter2"), ("--tokens", "<redacted:secret:1>")),
        (("--max-tokens", "123456"), ("--max-tokens", "123456")),
        (("--token", "--verbose"), ("--token", "--verbose")),
        (("--token", "$TOKEN"), ("--token", "$TOKEN")),
        (("--verbose", "hunter2"), ("--verbose", "hunter2")),
        (("password=hunter2", "now"), ("password=<redacted:secret:1>", "now")),
    ],
)
def test_a_command_line_shows_no_word_after_the_flag_of_a_secret(
    words: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    assert Redactor().words(words) == shown


HIDDEN = (
    "\x00\x08\x0b\x1f\x7f\x80\x9f\xad\u061c\u180e\ufeff\u200b\u200f\u2028\u202e\u2060\u206f"
    "\ufff9\ufffb\U000e0000\U000e007f"
)
SHOWN = "\t\n !~\xa0\xac\xae\u061b\u180f\u200a\u2010\u2027\u202f\u205f\u2070\ufff8\ufffc\U000e0080"


@pytest.mark.parametrize("character", HIDDEN)
def test_characters_that_hide_or_reorder_text_are_removed(character: str) -> None:
    assert clean(f"a{character}b") == "ab"


@pytest.mark.parametrize("character", SHOWN)
def test_characters_beside_those_are_kept(character: str) -> None:
    assert clean(f"a{character}b") == f"a{character}b"


def test_a_line_that_a_terminal_would_overwrite_is_a_line_of_its_own() -> None:
    assert clean("10 %\r100 %\r\ndone") == "10 %\n100 %\ndone"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{BODY}\n-----END PRIVATE KEY-----", "<redacted:private-key:1>"),
        (f"{BODY}\nQ0Jk\n-----END PRIVATE KEY-----", "<redacted:private-key:1>"),
        (f"up\n{BODY}\nQ0Jk\n-----END PRIVATE KEY-----", "up\n<redacted:private-key:1>"),
        (f"ready\n{BODY}\nQ0Jk\n-----END PRIVATE KEY-----", "ready\n<redacted:private-key:1>"),
        (f"ready\\n{BODY}\\nQ0Jk\\n-----END PRIVATE KEY-----", "ready\\n<redacted:private-key:1>"),
        (
            f"{BODY}\n-----END PRIVATE KEY-----\nthen\n{BODY}\nQ0Jk\n-----END PRIVATE KEY-----!",
            "<redacted:private-key:1>\nthen\n<redacted:private-key:2>!",
        ),
    ],
)
def test_of_a_key_whose_beginning_was_cut_nothing_is_left_and_the_lines_before_it_are(
    text: str, shown: str
) -> None:
    redactor = Redactor()

    assert redactor.redact(text) == shown


def test_a_text_that_nobody_cut_keeps_both_of_its_ends() -> None:
    text = "pulling\nfailed to pull web:latest"

    assert redact(text) == text
    assert Redactor().redact(text, ended=False) == "pulling\nfailed to pull <redacted:cut>"
    assert Redactor().redact(text, begun=False) == "failed to pull web:latest"


def test_what_is_no_text_is_swept_unchanged() -> None:
    state = ContainerState(name="main", restarts=3, exit_code=137, ready=True)

    assert Redactor().sweep(state) == state
    assert Redactor().sweep({"tries": 3, "key": None}) == {"tries": 3, "key": None}


def test_texts_are_swept_at_any_depth() -> None:
    token = CANARIES["gitlab"][0]

    swept = Redactor().sweep({token: [token], "args": (("run", token),)})

    assert swept == {
        "<redacted:gitlab-token:1>": [token],
        "args": (("run", "<redacted:gitlab-token:1>"),),
    }
