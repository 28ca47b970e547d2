from __future__ import annotations

import shlex

import pytest

from watchdog.text.command_passwords import passwords

PW = "hunter2-7"


@pytest.mark.parametrize(
    "line",
    [
        "redis-cli -h cache -a hunter2-7 ping",
        "/usr/bin/valkey-cli -a hunter2-7",
        "openssl enc -aes-256-cbc -k hunter2-7",
        "docker login -u bob -p hunter2-7 r.io",
        "mysqladmin ping -uroot -phunter2-7",
        "mariadb-dump -phunter2-7 shop",
        "mongosh -u bob -p hunter2-7",
        "mongodump -phunter2-7",
        "sshpass -v -p hunter2-7 ssh web",
        "mosquitto_pub -u bob -P hunter2-7",
        "sqlcmd -S db -Phunter2-7",
        "ldapsearch -x -w hunter2-7",
        "ldapmodify -w=hunter2-7",
        "curl -u bob:hunter2-7 http://web",
        "curl -sSfu bob:hunter2-7 http://web",
        "curl --proxy-user a+b@x:hunter2-7 http://web",
    ],
)
def test_a_password_is_told_by_its_program(line: str) -> None:
    assert list(passwords(line.split())) == [PW]
    assert list(passwords(["sh", "-c", line])) == [PW]
    assert list(passwords(["sh", "-c", f"export A=b; cd /srv && exec {line} > /dev/null"])) == [PW]


@pytest.mark.parametrize(
    "script",
    [
        'mysqladmin ping -uroot -p"hunter2-7"',
        "redis-cli -h cache \\\n  -a hunter2-7",
        "redis-cli -a hunter2-7>/dev/null",
        "redis-cli -a hunter2-7&& date",
        "(mysql -phunter2-7)",
        'mysql -e "a; b" -phunter2-7',
        "x=$(redis-cli -a hunter2-7)",
        'echo "$(redis-cli -a hunter2-7 ping)"',
        "x=`redis-cli -a hunter2-7`",
        "bash -c 'redis-cli -a hunter2-7'",
        "redis-cli -a hunter2-7 # it's",
    ],
)
def test_a_script_is_read_as_a_shell_reads_it(script: str) -> None:
    assert list(passwords(["sh", "-c", script])) == [PW]


def test_a_password_may_have_blanks() -> None:
    assert list(passwords(["redis-cli", "-a", "my pass word"])) == ["my pass word"]
    assert list(passwords(["sh", "-c", "redis-cli -a 'my pass word'"])) == ["my pass word"]


def test_each_program_of_a_script_has_its_own() -> None:
    script = "redis-cli -a one-1 && mysql -ptwo-2; curl -u a:three-3 http://web"

    assert list(passwords(["sh", "-c", script])) == ["one-1", "two-2", "three-3"]


@pytest.mark.parametrize(
    "line",
    [
        "redis-cli -a $PW",
        "redis-cli -a",
        "redis-cli -a -n 2",
        "mysql -p shop",
        "sqlcmd -P 1433",
        "mongosh x && mkdir -p data",
        "redis-cli ping && cp -a seed data",
        "openssl rand 4 | curl -k orders",
        "supervisord -c login.conf -p run",
        "docker login -p /run/password",
        "curl -u bob http://web",
        "curl -k https://web",
        "app -a word -p word -w word",
        "",
    ],
)
def test_what_is_no_password_is_left(line: str) -> None:
    assert list(passwords(line.split())) == []
    assert list(passwords(["sh", "-c", line])) == []


def test_the_start_of_a_long_script_is_read() -> None:
    def told(length: int) -> list[str]:
        return list(passwords(["sh", "-c", " redis-cli -a hunter2-7".rjust(length, "x")]))

    assert told(20_000) == [PW]
    assert told(20_001) == [PW[:-1]]


def test_scripts_within_scripts_are_read_three_deep() -> None:
    inner = "redis-cli -a hunter2-7"
    scripts = [inner]
    for _ in range(3):
        scripts.append(f"sh -c {shlex.quote(scripts[-1])}")

    assert [list(passwords([script])) for script in scripts] == [[PW], [PW], [PW], []]
