#!/usr/bin/env bash
# gitleaks 8.30.1 (Go) and detect-secrets 1.5.0 (PyPI) with their default rules, on tokens of the right form made at run time.
# Seen: both find a classic GitHub token, a GitLab token, a Slack bot token, an AWS key id and a JWT. Only gitleaks finds a
#   fine-grained GitHub token, an npm token and DB_PASSWORD=... ; only detect-secrets finds the password in postgres://user:password@host.
#   Neither finds "Authorization: Bearer" with 40 random characters.
# Surprise: one is often dropped "because the other runs already". Each misses forms that have been the issuer's default for years.
# Instead: run both, and do not read a clean scan of logs as proof that there is no credential in them.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check detect-secrets==1.5.0
GOBIN="$dir" go install github.com/zricethezav/gitleaks/v8@v8.30.1 >log 2>&1 || { cat log; exit 1; }
cat > check.py <<'PYTHON'
import json
import random
import string
import subprocess

pick = random.Random(7)


def some(n, alphabet=string.ascii_letters + string.digits):
    return "".join(pick.choice(alphabet) for _ in range(n))


lines = {
    "github": "gh" + "p_" + some(36),
    "fine-grained": "github" + "_pat_" + some(22) + "_" + some(59),
    "gitlab": "gl" + "pat-" + some(20),
    "slack": "xo" + "xb-" + some(12, string.digits) + "-" + some(12, string.digits) + "-" + some(24),
    "aws": "AK" + "IA" + some(16, string.ascii_uppercase + "234567"),
    "npm": "np" + "m_" + some(36),
    "jwt": "ey" + "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0." + some(43),
    "url": "postgres" + "://app:" + some(16) + "@db:5432/x",
    "password": "DB_PASSWORD=" + some(16),
    "bearer": "Authorization: Bearer " + some(40),
}
with open("app.log", "w") as file:
    file.writelines(f"2026-11-29 {line}\n" for line in lines.values())
names = list(lines)
subprocess.run(["./gitleaks", "dir", "app.log", "--no-banner", "-r", "out.json", "-f", "json"], stderr=subprocess.DEVNULL)
first = {names[hit["StartLine"] - 1] for hit in json.load(open("out.json"))}
scan = subprocess.run(["venv/bin/detect-secrets", "scan", "app.log"], capture_output=True, check=True)
second = {names[hit["line_number"] - 1] for hit in json.loads(scan.stdout)["results"]["app.log"]}
both = {"github", "gitlab", "slack", "aws", "jwt"}
assert first & second == both, (first, second)
assert first - second == {"fine-grained", "npm", "password"}, first
assert second - first == {"url"}, second
PYTHON
venv/bin/python check.py
echo "secret_scanners_differ: ok, behaviour as stated"
