"""What is masked because we know it to be private, and what of a text no one should see at all."""

from __future__ import annotations

import base64

import pytest

from tests.support.secret_samples import CANARIES, hiding
from watchdog.snapshot.workloads import ContainerState
from watchdog.text.redact import Redactor, clean, redact

UUID = "b1181fe5-4132-4b5c-b724-65d1f41bebdc"
BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        # Six characters are masked wherever they stand, and in every form of them.
        ("9x7bQ2", "is 9x7bQ2x", "is <env MODE>x"),
        ("9x7bQ", "is 9x7bQ", "is 9x7bQ"),
        ("a/b c7dE9", "at a%2Fb%20c7dE9", "at <env MODE>"),
        ("a/b c7dE9", base64.b64encode(b"a/b c7dE9").decode(), "<env MODE>"),
        # As JSON writes it, with and without letters beyond ASCII.
        ("zür1ch-7x", 'city "z\\u00fcr1ch-7x"', 'city "<env MODE>"'),
        ('zü"r1ch-7x', 'city "zü\\"r1ch-7x"', 'city "<env MODE>"'),
        # Lines of sixteen characters and more say whose they are, shorter ones may be anybody's.
        ("f1rst l1ne of it\nok", "> f1rst l1ne of it", "> <env MODE>"),
        ("f1rst l1ne of 7\nok", "> f1rst l1ne of 7", "> f1rst l1ne of 7"),
        # A secret within the value, but no word beside one.
        ("amqp://app:ab1@mq/", "login ab1 failed", "login <env MODE> failed"),
        ("token: expired", "the session expired", "the session expired"),
        ("production", "in production", "in production"),
        # What hosts, tables, topics, paths, images and sentences are made of is shown.
        ("europe-west4-c", "in europe-west4-c", "in europe-west4-c"),
        ("orders", "relation orders.settlements", "relation orders.settlements"),
        ("payments.settled.v1", "topic payments.settled.v1", "topic payments.settled.v1"),
        ("postgres://ledger@orders-db:5432/orders", "lookup orders-db", "lookup orders-db"),
        (
            "b1181fe5-4132-4b5c-b724-65d1f41bebdc",
            "b1181fe5-4132-4b5c-b724-65d1f41bebdc",
            "b1181fe5-4132-4b5c-b724-65d1f41bebdc",
        ),
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
        ("DB_NAME", "database", "is database"),
        ("DB_PASS", "database", "is <env DB_PASS>"),
        ("GIT_COMMIT", "1f32427a9093fd2", "is 1f32427a9093fd2"),
        ("BUILD_NOTE", "1f32427a9093fd2", "is <env BUILD_NOTE>"),
        ("SECRET_NAME", "web-tls", "is web-tls"),
        ("DB_PASSWORD", "${OTHER}", "is ${OTHER}"),
        ("DB_HOST", "S3cr3t!x", "is <env DB_HOST>"),
    ],
)
def test_the_name_of_a_value_decides_how_short_it_may_be_and_whether_it_is_an_address(
    name: str, value: str, shown: str
) -> None:
    assert hiding(**{name: value}).redact(f"is {value}") == shown


@pytest.mark.parametrize("order", [("A_PART_OF_IT", "ALL"), ("ALL", "A_PART_OF_IT")])
def test_a_value_inside_a_longer_one_does_not_split_it(order: tuple[str, str]) -> None:
    values = {"A_PART_OF_IT": "eur0pe-w3st", "ALL": "eur0pe-w3st4-c"}

    text = hiding(**{name: values[name] for name in order}).redact("eur0pe-w3st4-c, eur0pe-w3st")

    assert text == "<env ALL>, <env A_PART_OF_IT>"


def test_the_first_name_that_a_value_was_seen_under_is_kept() -> None:
    redactor = hiding(REGION="eur0pe-7x9")
    redactor.hide_arguments(["--region=eur0pe-7x9"])

    assert redactor.redact("in eur0pe-7x9") == "in <env REGION>"


@pytest.mark.parametrize(
    ("words", "text", "shown"),
    [
        # A word after a flag is the flag's, another flag is not, and nor is the word after that.
        (["--tenant", "4cme7x", "4cme8x"], "4cme7x 4cme8x", "<arg tenant> 4cme8x"),
        (["--tenant=4cme7x", "4cme8x"], "4cme7x 4cme8x", "<arg tenant> 4cme8x"),
        (["4cme7x", "--tenant", "4cme8x"], "4cme7x 4cme8x", "4cme7x <arg tenant>"),
        (["--verbose", "--tenant", "4cme8x"], "4cme8x", "<arg tenant>"),
        (["--tenant=", "--zone=eu-n0rth7x"], "eu-n0rth7x", "<arg zone>"),
        (["--log-level=verb0se7x", "--zone=eu-n0rth7x"], "verb0se7x", "verb0se7x"),
        # What says where or how much is shown, unless the flag is a secret's.
        (["--config=/etc/app-7", "--zone=eu-n0rth7x"], "eu-n0rth7x", "<arg zone>"),
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
        # What only the words around it tell, whichever word it is and whatever stands beside it.
        (("zip", "-P", "hunter2", "x"), ("zip", "-P", "<redacted:password:1>", "x")),
        (("7z", "x", "-phunter2", "x"), ("7z", "x", "-p<redacted:password:1>", "x")),
        (
            ("snmpget", "-A", "hunter2", "-X", "swordfish"),
            ("snmpget", "-A", "<redacted:password:1>", "-X", "<redacted:password:2>"),
        ),
        (("zip", "-P", "$PW", "x"), ("zip", "-P", "$PW", "x")),
        (("tar", "-P", "hunter2", "x"), ("tar", "-P", "hunter2", "x")),
    ],
)
def test_a_command_line_shows_no_word_after_the_flag_of_a_secret(
    words: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    assert Redactor().words(words) == shown


def test_a_name_that_is_shown_stays_in_a_command_line_whatever_stands_before_it() -> None:
    redactor = Redactor()
    redactor.show(["web-7x"])

    assert redactor.words(("zip", "-P", "web-7x")) == ("zip", "-P", "web-7x")


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


def test_the_name_of_an_object_is_never_masked_and_a_token_is_no_name() -> None:
    redactor = Redactor()
    redactor.show(["r34der-s3ttings", "postgres", "glpat-d1cdefghij0123456789"])
    redactor.hide({"CONFIG_NAME": "r34der-s3ttings", "POSTGRES_PASSWORD": "postgres"})

    text = redactor.redact(
        'configmap "r34der-s3ttings" not found, secret: postgres, glpat-d1cdefghij0123456789'
    )

    assert text == (
        'configmap "r34der-s3ttings" not found, secret: postgres, <redacted:gitlab-token:1>'
    )


def test_what_comes_from_where_secrets_are_kept_is_masked_whatever_its_name() -> None:
    redactor = Redactor()
    redactor.hide({"SPARE": "swordfish"}, secret=True)

    assert redactor.redact("set swordfish, not swordfishes") == "set <env SPARE>, not swordfishes"
