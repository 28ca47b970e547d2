"""The parts of the redaction at their boundaries: lines, values, names, encodings, spans."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from watchdog.text import encoded_secrets
from watchdog.text.assignments import assigned
from watchdog.text.lines import NON_ASCII, Lines
from watchdog.text.placed_secrets import placed
from watchdog.text.redact import redact
from watchdog.text.secret_names import Strength, is_secret_name, strength, vendor_of
from watchdog.text.secret_sentences import is_said
from watchdog.text.secret_values import (
    is_file,
    is_loose,
    is_lower_word,
    is_mechanism,
    is_object_name,
    is_place,
    is_plain,
    is_prose,
    is_reference,
    is_word,
)
from watchdog.text.told_secret import Holds, any_value, loose, no_clause, no_place, no_prose
from watchdog.text.value_forms import quoted_end, value_at

LONG = 4096  # from here on only windows are searched
FILLER = "all is well here, and nothing else is said"


def windows(text: str, parts: tuple[str, ...]) -> list[tuple[int, int]]:
    """What surrounds each line with a part: two lines before it, six after it."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    starts[-1] = len(text)
    low = [line.lower() for line in lines]
    found: list[tuple[int, int]] = []
    for number in range(len(lines)):
        beyond = NON_ASCII in parts and not lines[number].isascii()
        if not beyond and not any(part in low[number] for part in parts):
            continue
        start, stop = starts[max(0, number - 2)], starts[min(len(lines), number + 7)]
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return found


def log(*marked: tuple[int, str], lines: int = 200) -> str:
    said = dict(marked)
    return "\n".join(said.get(number, f"{number} {FILLER}") for number in range(lines))


@pytest.mark.parametrize(
    "text",
    [
        log((0, "Password=x")),
        log((1, "password=x"), (199, "password=y")),
        log((198, "password=x")),
        log((50, "password=x"), (52, "password=y"), (54, "TOKEN=z")),
        log((50, "password=x"), (55, "password=y")),
        log((50, "password=x"), (54, "password=y"), (60, "token=z")),
        log((50, "password=x"), (59, "password=y"), (69, "password=z")),
        log((50, "a=password=password="), (99, "p\u00e4ssword"), (100, "\u212aelvin token=1")),
        log((3, "\u5bc6\u7801=x"), (9, "\u5bc6")),
        log((3, "\u0130 password=x"), (120, "\u0130\u0130 token")),
        log((7, "\u0130stanbul")),
        log((100, "==="), (102, "[="), (150, "=")),
        log(),
        "password=x" + "\n" * LONG + "token",
        "password=x " * 500,
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "parts",
    [("password",), ("token",), ("token", "password"), (NON_ASCII,), ("token", NON_ASCII), ("==",),
     ("password=",), ("ord=p",), ("nowhere", "no where"), ("=",)],
)  # fmt: skip
def test_of_a_long_text_the_lines_around_each_part_are_searched(
    text: str, parts: tuple[str, ...]
) -> None:
    lines = Lines(text)

    assert len(text) >= LONG
    assert lines.with_any(parts) == windows(text, parts)
    assert lines.with_any(parts) == windows(text, parts)  # also when asked again


@pytest.mark.parametrize(
    ("parts", "found"),
    [(("password",), True), (("nowhere",), False), ((NON_ASCII,), False), ((), True)],
)
@pytest.mark.parametrize("length", [20, LONG - 1])
def test_a_short_text_is_searched_whole_or_not_at_all(
    parts: tuple[str, ...], length: int, *, found: bool
) -> None:
    text = "Password=x".ljust(length, ".")

    assert Lines(text).with_any(parts) == ([(0, length)] if found else [])


def test_of_a_text_that_is_just_long_enough_only_windows_are_searched() -> None:
    text = "password" + "\n" * 7 + "." * (LONG - 15)

    assert Lines(text).with_any(("password",)) == [(0, 15)]
    assert Lines(text[:-1]).with_any(("password",)) == [(0, LONG - 1)]
    assert Lines(text).with_any(()) == [(0, LONG)]


@pytest.mark.parametrize("text", ["ABC", "\u00c4B", "\u0130X", "X\u0130\u0130Y", "\u03a3\u0130"])
def test_the_text_in_lower_case_has_its_characters_where_they_were(text: str) -> None:
    lower = Lines(text).lower

    assert len(lower) == len(text)
    assert [c for c in lower if c.isascii()] == [c.lower() for c in text if c.isascii()]
    assert "\u00c4" not in lower


def test_a_part_whose_letters_are_nowhere_in_the_text_is_not_searched_for() -> None:
    asked: list[str] = []

    class Watched(Lines):
        def _searched(self, part: str) -> Iterator[int]:
            asked.append(part)
            return super()._searched(part)

    lines = Watched(log((3, "some token")))
    lines.with_any(("token", "nowhere", "token nowhere", "=="))

    assert asked == ["token", "=="]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("%70assword%3Dhunter2x and more", "%70assword%3D<S> and more"),
        ("q=%22password%22%3A%22hunter2x%22 now", "q=%22password%22%3A%22<S>%22 now"),
        ("first\n&quot;password&quot;&colon;&quot;hunter2x&quot;\nlast",
         "first\n&quot;password&quot;&colon;&quot;<S>&quot;\nlast"),
        ("\\u0022password\\u0022:\\u0022hunter2x\\u0022,",
         "\\u0022password\\u0022:\\u0022<S>\\u0022,"),
        ("password=3Dhunter2x=3D and", "password=<S> and"),
        ("a&equals;b password&equals;hunter2x c", "a&equals;b password&equals;<S> c"),
        ("&#112;assword&#61;hunter2x ok", "&#112;assword&#61;<S> ok"),
        ("&#1;password&#61;hunter2x ok", "&#1;password&#61;<S> ok"),
        ("\\x70assword=hunter2x ok", "\\x70assword=<S> ok"),
    ],
)  # fmt: skip
def test_of_an_escaped_text_the_secret_is_replaced_and_nothing_beside_it(
    text: str, shown: str
) -> None:
    assert redact(text) == shown.replace("<S>", "<redacted:secret:1>")


@pytest.mark.parametrize(
    "line", ["plain", "a%3Db", "&quot;a&quot;", "\\u0041b\\u0042", "x=3Dy", "\\x41\\x42", "%41"]
)
def test_an_escaped_line_is_searched_as_it_reads_and_found_where_it_stands(line: str) -> None:
    text = f"first %41 line\n{line}\nlast"
    seen: list[str] = []

    def every(plain: str) -> list[tuple[int, int, str]]:
        seen.append(plain)
        return [(at, at + 1, "x") for at in range(len(plain.rstrip("\n")))]

    found = list(encoded_secrets.escaped(text, every))

    begin = len("first %41 line\n")
    here = [(start, end) for start, end, _ in found if start >= begin]
    if line == "plain":
        assert seen == ["first A line\n"]
        assert here == []
    else:
        assert seen[0] == "first A line\n"
        assert "%" not in seen[1]
        assert here[0][0] == begin
        assert here[-1][1] == begin + len(line)
        assert all(before[1] == after[0] for before, after in pairwise(here))


def test_a_text_without_escapes_and_a_line_beyond_all_bounds_are_not_searched_again() -> None:
    def never(_: str) -> list[tuple[int, int, str]]:
        raise AssertionError

    assert list(encoded_secrets.escaped("password=hunter2x\n", never)) == []
    assert list(encoded_secrets.escaped("%41" + "x" * 20_000, never)) == []
    assert list(encoded_secrets.words("A" * 10_000, never)) == []


def coded(plain: str) -> str:
    return base64.b64encode(plain.encode()).decode()


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        (coded("app:hunter2x"), True),
        (coded("app:hunter2x").rstrip("="), True),
        (coded("app:h\xfcnter2x"), False),
        (coded("password=hunter2x\nport=80\n"), True),
        (coded("password=hunter2x\tport=80\r\n"), True),
        (coded("password=hunter2x\x07more"), False),
        (coded("a longer text without anything"), False),
        (coded("10.0.0.7:48123"), False),
        (coded("2026-11-29T10:00:00"), False),
        (coded("http://web.example.com/"), False),
        (coded("web.example.com:8080"), False),
        (coded("key: -----BEGIN RSA PRIVATE KEY-----"), True),
        (b"password=hunter2x".hex(), True),
        (b"password=hunter2x".hex().upper(), True),
        (b"a plain text of words".hex(), False),
        ("9f86d081884c7d659a2feaa0c55ad015", False),
        ("abcdefghabcdefgh1", False),
        (coded(coded("app:hunter2x")), True),
        (coded(coded(coded("password=hunter2x"))), True),
        ("0123456789abcdef0123456789abcdef-01234567-89abcdef", True),
    ],
)
def test_a_word_is_masked_if_what_it_encodes_is_a_secret(word: str, *, is_one: bool) -> None:
    text = f"refused {word} by web"

    assert redact(text) == (text.replace(word, "<redacted:encoded:1>") if is_one else text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("hunter2 x", "hunter2"),
        ("hunter2", "hunter2"),
        ('"hunter2" x', "hunter2"),
        ('"hunt\\"er2" x', 'hunt\\"er2'),
        ("'hunt''er2' x", "hunt''er2"),
        ('"hunter2', "hunter2"),
        ('"hunter2\nnext', "hunter2"),
        ("`hunter2` x", "hunter2"),
        ("`hunter2\nnext`", "hunter2"),
        ('"""hunter2""" x', "hunter2"),
        ('"""hunt\ner2""" x', "hunt\ner2"),
        ("'''hunt\ner2''' x", "hunt\ner2"),
        ('\\\\"hunter2\\\\" x', "hunter2"),
        ('\\\\"hunter2\nnext\\\\"', "hunter2"),
        ("\u201chunter2\u201d x", "hunter2"),
        ("\u201ehunter2\u201c x", "hunter2"),
        ("\u300chunter2\u300d x", "hunter2"),
        ("\u2018hunter2\nnext\u2019", "hunter2"),
        ("&quot;hunter2&quot; x", "hunter2"),
        ("b'hunter2' x", "hunter2"),
        ('Some("hunter2") x', "hunter2"),
        ('Some(\n    "hunter2",\n)', "hunter2"),
        ("{hunter2} x", "hunter2"),
        ("{SSHA}hunter2 x", "{SSHA}hunter2"),
        ("[hunter2]", "hunter2"),
        ("", ""),
        (" ", ""),
        ('""', ""),
    ],
)  # fmt: skip
def test_a_value_is_read_by_its_quotes_or_to_its_end(text: str, value: str) -> None:
    found = value_at(f"={text}", 1)

    assert f"={text}"[found.start : found.end] == value


@pytest.mark.parametrize(
    ("text", "quote", "end"),
    [
        ("ab`c", "`", 2),
        ("ab", "`", 2),
        ("ab\nc`", "`", 2),
        ('a\nb"""c', '"""', 3),
        ("a\nb", '"""', 3),
        ("a\nb'''c", "'''", 3),
        ("ab\u201d", "\u201c", 2),
        ("\u201d", "\u201c", 0),
        ("`", "`", 0),
        ("\nab`", "`", 0),
        ('a\nb\\\\"', '\\\\"', 1),
        ('ab\\"', '\\"', 2),
    ],
)  # fmt: skip
def test_a_quotation_ends_at_its_quote_or_with_its_line(text: str, quote: str, end: int) -> None:
    assert quoted_end(text, 0, quote) == end
    assert quoted_end(f"##{text}", 2, quote) == end + 2


KINDS: dict[str, Callable[[str], bool]] = {
    "reference": is_reference, "prose": is_prose, "mechanism": is_mechanism, "file": is_file,
    "place": is_place, "object": is_object_name, "word": is_word, "lower word": is_lower_word,
    "loose": is_loose, "plain": is_plain,
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("hunter2", "loose, plain"),
        ("hunt2r", "loose, plain"),
        ("hun2r", "plain"),
        ("hunter", "word, lower word, plain"),
        ("Hunter", "word, plain"),
        ("123456", "plain"),
        ("${PASSWORD}", "reference, plain"),
        ("DB_PASSWORD", "reference, plain"),
        ("Settings.from_env()", "reference, plain"),
        ("config.password", "reference, plain"),
        ("0xc00001c0a0", "reference"),
        ("0x" + "1f" * 9, "loose"),
        ("android.os.BinderProxy@2bd79ce", "reference"),
        ("https://web.example.com", "reference, plain"),
        ("expired", "prose, word, lower word, plain"),
        ("Expired", "prose, word, plain"),
        ("EXPIRED", "prose, word, plain"),
        ("TokenExpired", "prose, word, plain"),
        ("basic", "mechanism, word, lower word, plain"),
        ("SCRAM-SHA-256", "mechanism, loose, plain"),
        ("RS256", "mechanism, plain"),
        ("/run/secrets/token", "file, place, plain"),
        ("/run/secrets/", "file, place, plain"),
        ("/x7y/z", "file, plain"),
        ("tls.key", "file, plain"),
        ("certs/tls.key", "file, place, object, plain"),
        ("./tls", "place, plain"),
        ("web-tls", "object, lower word, plain"),
        ("shop/web-tls", "object, plain"),
        ("regcred", "prose, object, word, lower word, plain"),
        ("sha256", "mechanism, plain"),
        ("9f86d081884c7d659a2feaa0c55ad015", "loose"),
        ("0b7e1c52-3c0a-4e5e-9a51-6c1f0d2b7a11", "loose, plain"),
        ("v1beta1", "loose, plain"),
    ],
)
def test_a_value_is_told_by_its_form(value: str, kinds: str) -> None:
    told = [kind for kind, holds in KINDS.items() if holds(value)]

    assert ", ".join(told) == kinds


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("password", Strength.STRONG), ("DB_PASSWORD", Strength.STRONG),
        ("secretKeyBase", Strength.STRONG), ("secret", Strength.OBJECT),
        ("credentials", Strength.OBJECT), ("pw", Strength.WEAK), ("auth", Strength.WEAK),
        ("PASSWORD_FILE", Strength.NONE), ("max_tokens", Strength.NONE),
        ("primary_key", Strength.NONE), ("region", Strength.NONE), ("", Strength.NONE),
        ("okta_id", Strength.VENDOR), ("oktaClient", Strength.VENDOR),
        ("okta_session_code", Strength.VENDOR), ("datadog_keynote", Strength.VENDOR),
        ("x" * 200 + "_password", Strength.STRONG),
    ],
)  # fmt: skip
def test_a_name_says_so_much_about_its_value(name: str, said: Strength) -> None:
    assert strength(name) is said
    assert is_secret_name(name) is (said in {Strength.STRONG, Strength.OBJECT, Strength.WEAK})


def test_the_name_of_a_vendor_tells_the_form_of_its_keys() -> None:
    form = vendor_of("OKTA_TOKEN_ID")

    assert form is not None
    assert form.fullmatch("a1" * 21)
    assert not form.fullmatch("a1" * 20)
    assert vendor_of("region") is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('passwords: ["a1b2c3x", "d4e5f6y"], more', 'passwords: ["<1>", "<2>"], more'),
        ("password: ['a1b2c3x', 'd4e5f6y'] port", "password: ['<1>', '<2>'] port"),
        ("password: ('a1b2c3x', 'd4e5f6y')", "password: ('<1>', '<2>')"),
        ("password:\n  - hunter2x\n  - hunt3r3x\nport: 80",
         "password:\n  - <1>\n  - <2>\nport: 80"),
        ("password:\n  hunter2x\nport: 80", "password:\n  <1>\nport: 80"),
        ("password:\n  hunter2x is bad\n", "password:\n  hunter2x is bad\n"),
        ("password:\n\thunter2x\n", "password:\n\t<1>\n"),
        ("password:\nhunter2x", "password:\n<1>"),
        ("password: |\n  hunter2x\n  more-of-1t\nport: 80", "password: <1>\n\n\nport: 80"),
        ("password: >-\n    hunter2x\n\nport: 80", "password: >-\n    <1>\n\nport: 80"),
        ("password: |\n  hunter2x  \n", "password: <1>\n  \n"),
        ("key = <<EOT\nhunter2x\nEOT\nport", "key = <<EOT\nhunter2x\nEOT\nport"),
        ("private_key = <<-EOT\n  hunter2x\n  second7x\n  EOT\nport",
         "private_key = <<-EOT\n  <1>\n  <2>\n  EOT\nport"),
        ("password=[c, 4, n, A, r, y] port=1", "password=<1> port=1"),
        ("password=[c, 4, n] port=1", "password=[<1>, 4, n] port=1"),
        ("tokens=[1, 2, 3, 4] n", "tokens=[1, 2, 3, 4] n"),
        ("{password,[99,52,110,65]}", "{password,<1>}"),
        ("password=char[] {'c', 'a', 'n', '4'};", "password=<1>;"),
        ("credentials:edit", "credentials:edit"),
        ("credentials:edit1x7", "credentials:<1>"),
        ("secret:view", "secret:view"),
        ("password: hunter2x(", "password: <1>("),
        ("password: hunter2x[", "password: <1>["),
        ("password:hunter2x(", "password:hunter2x("),
        ("password=hunter{a}", "password=<1>}"),
        ("password=hunter2x{a}", "password=<1>}"),
        ('("password", "hunter2x")', '("password", "<1>")'),
        ('("pw", "hunter2x")', '("pw", "<1>")'),
        ('("pw", "hunter")', '("pw", "hunter")'),
        ('("password", "two words")', '("password", "two words")'),
        ('("password", "user": 1)', '("password", "user": 1)'),
        ('("password", "hunter2x": 1)', '("password", "hunter2x": 1)'),
        ('("password", hunter2x)', '("password", hunter2x)'),
        ("pin=123", "pin=123"),
        ("pin=1234", "pin=<1>"),
        ("pin: 1234", "pin: <1>"),
        ("pin 1234", "pin 1234"),
        ("user_pin: 1234", "user_pin: <1>"),
        ("auth: 1234", "auth: 1234"),
        ("auth=1234", "auth=<1>"),
        ("otp-code: 123456", "otp-code: <1>"),
        ("sid=4312", "sid=4312"),
        ("sid=43121234", "sid=<1>"),
        ("sid: 43121234", "sid: 43121234"),
        ("tokens=1234", "tokens=1234"),
        ("pass=1234", "pass=<1>"),
        ("sess=1234", "sess=<1>"),
        ("password: 12", "password: 12"),
        ("password=12", "password=<1>"),
        ("passwords=1234", "passwords=1234"),
        ("Unseal Key 1: hunter2x", "Unseal Key 1: <1>"),
        ("Unseal Key 12: hunter2x", "Unseal Key 12: <1>"),
        ("Unseal Key 123: hunter2x", "Unseal Key 123: hunter2x"),
        ("line 12: hunter2x", "line 12: hunter2x"),
        ("the api key provided: hunter2x", "the api key provided: <1>"),
        ("the api key that was provided: hunter2x", "the api key that was provided: hunter2x"),
        ("api key is: hunter2x", "api key is: <1>"),
        ("api key value is not: hunter2x", "api key value is not: hunter2x"),
        ("password\uff1a hunter2x", "password\uff1a <1>"),
        ("password\uff1ahunter", "password\uff1a<1>"),
        ("password => hunter", "password => <1>"),
        ("password -> hunter", "password -> <1>"),
        ("password <- 'hunter'", "password <- '<1>'"),
        ("password | hunter2x", "password | <1>"),
        ("password ..... hunter2x", "password ..... <1>"),
        ("secret/token.key=abc", "secret/token.key=abc"),
        ("C:\\token.pem=abc", "C:\\token.pem=abc"),
        ("token.key=abc", "token.key=<1>"),
        ("PWD=/app", "PWD=/app"),
        ("OLDPWD=/app", "OLDPWD=/app"),
        ("PWD=app", "PWD=<1>"),
        ("pwd: /app", "pwd: /app"),
        ("PASSWD=/app7x", "PASSWD=<1>"),
        ("sid: S-1-5-21-362", "sid: S-1-5-21-362"),
        ("S: S-1-5-21-362", "S: S-1-5-21-362"),
        ("secret key: password", "secret key: password"),
        ("secret key: hunter2x", "secret key: <1>"),
        ("api key = password", "api key = <1>"),
        ("api_key: token", "api_key: token"),
        ('password: "a sentence of prose"', 'password: "a sentence of prose"'),
        ('password: "not a sentence"', 'password: "not a sentence"'),
        ('password: "one two three four five six seven eight"',
         'password: "one two three four five six seven eight"'),
        ('password: "one two three four five six seven eight nine"',
         'password: "one two three four five six seven eight nine"'),
        ('password="is a sentence"', 'password="<1>"'),
        ("password: (none)", "password: (none)"),
        ("password: hunter2x)", "password: <1>)"),
        ("PASS: hunter2x", "PASS: hunter2x"),
        ("Pass: hunter2x", "Pass: <1>"),
        ("PASS=hunter2x", "PASS=<1>"),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db",
         "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db"),
        ("x:secret:shop7b/Db1x", "x:secret:<1>"),
        ("secret: web-tls", "secret: web-tls"),
        ("secret=web-tls", "secret=web-tls"),
        ("secret: hunter2x", "secret: <1>"),
        ("secret=hunter2x", "secret=<1>"),
        ("password: word and more", "password: word and more"),
        ("password: word", "password: <1>"),
        ("password: Word and", "password: Word and"),
        ("password: hunter2x and", "password: <1> and"),
        ("password: a=b1c2d3e", "password: <1>"),
        ("token: x=1", "token: x=1"),
        ("auth: a1b2c3=d", "auth: a1b2c3=d"),
        ("okta: a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "okta: <1>"),
        ("okta: a1", "okta: a1"),
        ("password :: String", "password :: String"),
        ("userPassword:: YzRuQXJ5", "userPassword:: <1>"),
        ("-Dpassword=hunter2x", "-Dpassword=<1>"),
        ("password: /etc/app/pw", "password: /etc/app/pw"),
        ("password=/etc/app/pw", "password=/etc/app/pw"),
        ("password: tls.key", "password: tls.key"),
        ("password=tls.key1", "password=<1>"),
        ("auth: basic", "auth: basic"),
        ("auth=basic", "auth=basic"),
        ("password: basic1x", "password: <1>"),
        ("passwort ist: hunter2x", "passwort ist: <1>"),
        ("mot de passe: hunter2x", "mot de passe: <1>"),
        ("'api key': 'hunter2x'", "'api key': '<1>'"),
        ("x='api key': hunter2x", "x='api key': <1>"),
    ],
)  # fmt: skip
def test_what_a_name_tells_of_its_value_is_masked_and_nothing_else(text: str, shown: str) -> None:
    masked = redact(text)

    for number in "123":
        shown = shown.replace(f"<{number}>", f"<redacted:secret:{number}>")
    assert masked == shown


AWS = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # Forty characters of anything are evidence, but not beside the id of a key.
        (f"AKIAIOSFODNN7EXAMPLE {AWS} ok", "<redacted:token:1> <redacted:aws-secret:1> ok"),
        (f"glpat-d1cdefghij0123456789 {AWS} ok", f"<redacted:gitlab-token:1> {AWS} ok"),
        # What has a form of its own is called by it, whatever is said before it.
        ("password=glpat-d1cdefghij0123456789 ok", "password=<redacted:gitlab-token:1> ok"),
        ("Authorization: Bearer hunter2x ok", "Authorization: Bearer <redacted:authorization:1>"),
        # Of a token that begins so a few characters are enough where a line ends, else more.
        ("SG.ab1cde\nx", "<redacted:token:1>\nx"),
        ("SG.ab1cd\nx", "SG.ab1cd\nx"),
        ("see SG.ab1cde", "see <redacted:token:1>"),
        ("SG.ab1cde x", "SG.ab1cde x"),
        (f"SG.{'ab1d' * 6} x", "<redacted:token:1> x"),
        (f"SG.{'ab1d' * 5}ab1 x", f"SG.{'ab1d' * 5}ab1 x"),
        (f"live_{'0123abcd' * 4} x", "<redacted:token:1> x"),
        (f"SK{'0123abcd' * 4} x", "<redacted:token:1> x"),
        (f"xSK{'0123abcd' * 4} x", f"xSK{'0123abcd' * 4} x"),
        # Without a sign between, the last word has to look like a credential.
        ("authorization hunter2x", "authorization <redacted:authorization:1>"),
        ("authorization was hunter2x", "authorization <redacted:authorization:1>"),
        ("authorization hunter2x was", "authorization hunter2x was"),
        ("authorization of the clients", "authorization of the clients"),
        ("authorization: of the clients", "authorization: <redacted:authorization:1>"),
        # A product key has letters and digits.
        ("AB3DE-FG7HJ-KL9MN-PQ2RS-TV4WX", "<redacted:product-key:1>"),
        ("ABCDE-FGHIJ-KLMNO-PQRST-UVWXY", "ABCDE-FGHIJ-KLMNO-PQRST-UVWXY"),
        ("12345-67890-12345-67890-12345", "12345-67890-12345-67890-12345"),
        # Masks are left, and what stands behind one is looked at.
        ("password=<redacted:jwt:7> pin=4812", "password=<redacted:jwt:7> pin=<redacted:secret:1>"),
        ("<env DB_PASS> and password=hunter2x", "<env DB_PASS> and password=<redacted:secret:1>"),
        ('password="<arg pass>" token=hunter2x', 'password="<arg pass>" token=<redacted:secret:1>'),
        ('password="a <redacted:jwt:7> b1" token=hunter2x',
         'password="a <redacted:jwt:7> b1" token=<redacted:secret:1>'),
        ("<env REGION>glpat-d1cdefghij0123456789", "<env REGION><redacted:gitlab-token:1>"),
        ("glpat-d1cdefghij0123456789<env REGION>", "<redacted:gitlab-token:1><env REGION>"),
        # So are secrets that touch each other.
        ("-----BEGIN PRIVATE KEY-----MIIa7-----END PRIVATE KEY-----glpat-d1cdefghij0123456789 ok",
         "<redacted:private-key:1><redacted:gitlab-token:1> ok"),
        # Blanks at its end are none of it.
        ("<password> hunter2x  </password>", "<password> <redacted:secret:1>  </password>"),
        ("<password>\nhunter2x\n</password>", "<password>\n<redacted:secret:1>\n</password>"),
    ],
)  # fmt: skip
def test_secrets_beside_each_other_are_told_apart(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize("filler", ["", " and nothing else" * 20])
def test_what_was_encoded_three_times_is_found_in_a_short_text_and_a_long_one(filler: str) -> None:
    word = coded(coded(coded("password=hunter2x")))

    assert redact(f"got {word}{filler}") == f"got <redacted:encoded:1>{filler}"
    # Each further time may take as long as the text is, so there is an end to it.
    assert redact(f"got {coded(word)}{filler}") == f"got {coded(word)}{filler}"


def test_in_a_long_text_a_line_without_all_that_a_form_needs_hides_no_other() -> None:
    text = log((50, "password is set"), (150, "<password>hunter2x</password>"))

    assert redact(text) == text.replace("hunter2x", "<redacted:secret:1>")


@pytest.mark.parametrize("users", [1, 5])
def test_in_a_long_text_a_list_of_users_is_hidden_to_its_end(users: int) -> None:
    block = "\n".join(
        ["chpasswd:", "  list: |", *(f"    u{n}:Zebra{n}7lamp" for n in range(users))]
    )

    shown = redact(f"{log()}\n{block}\n{log()}")

    assert "lamp" not in shown
    assert all(f"u{n}:<redacted:" in shown for n in range(users))


@pytest.mark.parametrize(
    "head", ["", "Version: 1\n\n", "Proc-Type: 4,ENCRYPTED\nDEK-Info: A,00\n\n"]
)
@pytest.mark.parametrize("length", [1, 4, 5, 6, 7, 30])
@pytest.mark.parametrize("kind", ["RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])
def test_in_a_long_text_no_line_of_a_key_is_left_between_its_ends(
    kind: str, length: int, head: str
) -> None:
    body = "\n".join(f"{n:02}{'b7Qx' * 15}" for n in range(length))
    key = f"-----BEGIN {kind}-----\n{head}{body}\nQz9=\n-----END {kind}-----"

    shown = redact(f"{log()}\n{key}\n{log()}")

    assert "b7Qx" not in shown
    assert shown.startswith(log())
    assert shown.endswith(f">\n{log()}")


@pytest.mark.parametrize(
    ("holds", "secret", "others"),
    [
        (any_value, ["hunter2", "a", "must", "/etc/x.conf"], ["null", "<redacted:secret:1>"]),
        (no_prose, ["hunter2", "strong"], ["null", "expired", "basic"]),
        (no_clause, ["hunter2", "strong"], ["null", "must", "Is", "required."]),
        (no_place, ["hunter2", "must"], ["null", "/etc/x.conf", "8080", "-p", "/p", "<x"]),
        (loose, ["h7nter2x", "h7nter2x."], ["swordfish", "null", "scram-sha-256", "a1b2"]),
    ],
)
def test_what_must_be_true_of_a_secret_is_true_of_it_and_of_no_other_word(
    holds: Holds, secret: list[str], others: list[str]
) -> None:
    assert [value for value in secret if not holds(value)] == []
    assert [value for value in others if holds(value)] == []


@pytest.mark.parametrize(
    ("word", "verb", "value", "quoted", "said"),
    [
        ("password", None, "swordfish", True, True),
        ("password", None, "two words", True, False),
        ("password", None, "user_pass", True, False),
        ("password", "is", "null", True, False),
        ("password", "is", "basic", True, False),
        ("password", "is", "expired", True, False),
        ("token", None, "swordfish", True, False),
        ("token", "is", "swordfish", True, True),
        ("token", "is", "swordfish", False, False),
        ("token", None, "h7nter2x", False, True),
    ],
)
def test_a_sentence_gives_a_secret_by_its_quotes_or_by_letters_and_digits(
    word: str, verb: str | None, value: str, *, quoted: bool, said: bool
) -> None:
    assert is_said(word, verb, value, quoted=quoted) is said


@pytest.mark.parametrize("value", ["required", "20261"])
def test_behind_the_chinese_word_for_a_password_a_word_or_a_number_is_none(value: str) -> None:
    assert redact(f"\u5bc6\u7801 {value}") == f"\u5bc6\u7801 {value}"
    assert redact("\u5bc6\u7801 h7nter2x") == "\u5bc6\u7801 <redacted:secret:1>"


TOLD = {
    'password: "Tr0ub4dor a b c d e f g"': ["Tr0ub4dor a b c d e f g"],
    'password: "Tr0ub4dor a b c d e f g h"': [],  # nine words are a sentence
    'password: "is wrong"': [],
    "password: 1234": ["1234"],
    "password: 123": [],
    "Unseal Key 12: hunter2x": ["hunter2x"],
    "Unseal Key 123: hunter2x": [],
    "sid=12345678": ["12345678"],
    "sid=1234567": [],
    # What is no name of a secret keeps none behind it from being read.
    "open /etc/secret.yaml: denied, password=hunter2x": ["hunter2x"],
    "arn:aws:secretsmanager:eu-1:123456789012:secret:name password=hunter2x": ["hunter2x"],
    "Unexpected password: foo1bar password=hunter2x": ["hunter2x"],
    "undefined method `password='; password=hunter2x": ["hunter2x"],
    "api key: hunter2x": ["hunter2x"],
    "database pass: Orchid": ["Orchid"],
    "pass: Orchid": [],
    "password | Orchid": [],
    "password | hunter2x": ["hunter2x"],
    "password:config.yaml": [],
    'secret: "tls.crt"': [],
    'pass: "cert.pem"': [],
    "password: hunter2x=rest": ["hunter2x=rest"],
    "password=Foo{": [],
    "password=hunter2{": ["hunter2"],
    'password=abc1x" + "then"': ["abc1x"],
    'passwords:\n  - "hunter2x"\n  - "other3y"\n': ["hunter2x", "other3y"],
    "password: check(x": [],
    "password: well-known b c": [],
    "password: Orchid": ["Orchid"],
    "password: Orchid a": [],
}


@pytest.mark.parametrize("text", TOLD)
def test_what_a_name_tells_to_be_a_secret_is_that_and_nothing_beside_it(text: str) -> None:
    assert [text[start:end] for start, end in assigned(text, 0, len(text))] == TOLD[text]


def test_a_statement_without_its_parameters_has_nothing_to_hide() -> None:
    text = "failed: INSERT INTO users (name, password) VALUES (?, ?)"
    bound = f"{text} params: ['ada', 'hunter2x']"

    assert list(placed(Lines(text))) == []
    assert [bound[start:end] for start, end in placed(Lines(bound))] == ["hunter2x"]
