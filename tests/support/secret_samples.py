"""Secrets of every shape, none of them real, and what of each must never be seen again.

Each secret has digits in both of its halves, so that half of one is still told from a word.
"""

from __future__ import annotations

import base64

from watchdog.text.redact import Redactor

_PEM = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
_JWT = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
_BASIC = base64.b64encode(b"admin:k7Rw2mPq9x").decode()
_PEM64 = base64.b64encode(f"-----BEGIN PRIVATE KEY-----\n{_PEM}".encode()).decode()

# A line that holds the secret, and the part of it to search for.
CANARIES: dict[str, tuple[str, str]] = {
    "password=": ("connecting with password=c4nAry7p now", "c4nAry7p"),
    "DB_PASSWORD=": ("env DB_PASSWORD=b7s3cr3t-v4lue2", "b7s3cr3t-v4lue2"),
    "DB_PASS=": ("DB_PASS=q1s3cr3tv4lu9", "q1s3cr3tv4lu9"),
    "quoted with spaces": ('password = "c0rrect h0rse b4ttery"', "h0rse b4ttery"),
    "single quotes": ("passwd: 'abc7 def8x9'", "abc7 def8x9"),
    "json": ('{"password":"jS0nV4lu3x","user":"x"}', "jS0nV4lu3x"),
    "json in a string": (r"{\"api_key\": \"e5c4p3dJs0n\"}", "e5c4p3dJs0n"),
    "yaml": ("secret: y4mlV4lu3z", "y4mlV4lu3z"),
    "flag with =": ("run --api-key=fl4gV4lu3", "fl4gV4lu3"),
    "flag with a space": ("run --token sp4c3dV4l --port 80", "sp4c3dV4l"),
    "connection string": ("Server=db;User Id=sa;Pwd=c0nnStr1ng!;", "c0nnStr1ng"),
    "account key": ("Endpoint=x;AccountKey=YWJj4GVmZ2g5aWprbA==;Suffix=y", "YWJj4GVmZ2g5aWprbA"),
    "url userinfo": ("postgres://app:uRl5us3r1nf0@db:5432/shop", "uRl5us3r1nf0"),
    "url without user": ("redis://:r3d1sPa55w0rd@cache:6379", "r3d1sPa55w0rd"),
    "go mysql dsn": ("dial root:my5qlD5nPw@tcp(db:3306)/shop", "my5qlD5nPw"),
    "query parameter": ("GET /cb?token=qu3ryP4r4m&x=1", "qu3ryP4r4m"),
    "signature parameter": ("GET /blob?sv=2&sig=s1gn4tur3P4ram", "s1gn4tur3P4ram"),
    "bearer": ("sent Bearer b34r3rT0k3n9x", "b34r3rT0k3n9x"),
    "authorization": ("Authorization: Token 4uth0r1zat10n", "4uth0r1zat10n"),
    "basic": (f"curl -H 'Basic {_BASIC}'", _BASIC),
    "cookie": ("Set-Cookie: session=c00k13V4lu3; Path=/", "c00k13V4lu3"),
    "aws key": ("key AKIA3OSFODNN7CANARY2 used", "AKIA3OSFODNN7CANARY2"),
    "aws secret": (
        "aws_secret_access_key = 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",
        "wJalr7UtnFEMIK7MDENGbPxR5iCYCANARYKEY123",
    ),
    "github": ("ghp_a1cdefghijklmnopqrs2uvwxyz0123456789", "a1cdefghijklmnopqrs2uvwxyz0123456789"),
    "github oauth": (
        "got gho_b1cdefghijklmnopqrs2uvwxyz0123456789",
        "b1cdefghijklmnopqrs2uvwxyz012",
    ),
    "github fine grained": (
        "github_pat_11ABCDEFG0c2cdefghij3l_mnop4",
        "11ABCDEFG0c2cdefghij3l_mnop4",
    ),
    "gitlab": ("glpat-d1cdefghij0123456789", "d1cdefghij0123456789"),
    "slack bot": ("xoxb-1234567890-e1cdefghij2k", "1234567890-e1cdefghij2k"),
    "slack hook": (
        "https://hooks.slack.com/services/T00C4N4RY/B00C4N4RY/XXf1Xab2cd",
        "T00C4N4RY/B00C4N4RY/XXf1Xab2cd",
    ),
    "openai": ("sk-g1cdefghijklmn2pqrstuvwx", "g1cdefghijklmn2pqrstuvwx"),
    "openai project": ("sk-proj-h1cdefghijkl_nop2qrst-uvwx", "h1cdefghijkl_nop2qrst-uvwx"),
    "anthropic": ("sk-ant-api03-i1cdefghijklm2opqrst", "i1cdefghijklm2opqrst"),
    "google": ("AIzaSyA-j1cdefghijklmno2qrstuvwxyz01234", "j1cdefghijklmno2qrstuvwxyz01234"),
    "npm": ("npm_k1cdefghijklmnopqr2tuvwxyz0123456789", "k1cdefghijklmnopqr2tuvwxyz0123456789"),
    "pypi": ("pypi-AgEIcHlwaS5vcmcCJD4wMDAwMDAwL1", "cHlwaS5vcmcCJD4wMDAwMDAwL1"),
    "stripe": ("sk_live_m1cdefghijkl2nop", "m1cdefghijkl2nop"),
    "vault": ("hvs.CAESIN1bcdefghijk2mnopqrstuv", "CAESIN1bcdefghijk2mnopqrstuv"),
    "jwt": (f"got {_JWT} back", "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9"),
    "card": ("charged 4111 1111 1111 1111 today", "4111 1111 1111 1111"),
    "pem": (f"-----BEGIN PRIVATE KEY-----\n{_PEM}\n-----END PRIVATE KEY-----", _PEM),
    "pem in a string": (
        rf"key: \"-----BEGIN RSA PRIVATE KEY-----\n{_PEM[::-1]}\n-----END RSA PRIVATE KEY-----\"",
        _PEM[::-1],
    ),
    "base64 of a pem": (f"tls.key: {_PEM64}", _PEM64[20:]),
    "registry auth": ('{"auths":{"r.io":{"auth":"dXNl4jpwYXN0ZWR3b3Jk"}}}', "dXNl4jpwYXN0ZWR3b3Jk"),
    "redis-cli -a": ("redis-cli -h cache -a r3d1sFl4gPw ping", "r3d1sFl4gPw"),
    "sshpass -p": ("sshpass -p sShP4ss9Pw ssh web", "sShP4ss9Pw"),
    "login -p": ("docker login -u ci -p l0g1nFl4gPw r.io", "l0g1nFl4gPw"),
    "curl -u": ("curl -u admin:cUr1Us3rPw https://x", "cUr1Us3rPw"),
}


def hiding(**values: str) -> Redactor:
    """A redactor that knows the values of these variables."""
    redactor = Redactor()
    redactor.hide(values)
    return redactor


def halves(text: str, secret: str) -> tuple[str, str]:
    """The text, cut in two in the middle of the secret."""
    at = text.index(secret) + len(secret) // 2
    return text[:at], text[at:]


def parts(secret: str) -> tuple[str, str]:
    """The two halves of a secret, as `halves` parts them."""
    return secret[: len(secret) // 2], secret[len(secret) // 2 :]


def chunks(size: int) -> list[list[tuple[str, str]]]:
    """The texts and secrets, so many at a time."""
    every = list(CANARIES.values())
    return [every[at : at + size] for at in range(0, len(every), size)]
