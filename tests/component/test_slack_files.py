"""The HTML report in an incident's thread, against Slack's stand-in."""

from __future__ import annotations

import logging

import pytest
from pytest_httpserver import HTTPServer

from tests.support.report_samples import fix, namespace
from tests.support.slack_scenarios import Life, bot, incident
from tests.support.wire_slack import SCOPES, TOKEN, Fault, Slack
from watchdog.model.outcome import Outcome

UPLOAD = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]


@pytest.fixture
def slack(httpserver: HTTPServer) -> Slack:
    made = Slack(httpserver)
    made.scopes = f"{SCOPES},files:write"
    return made


@pytest.fixture
def life(slack: Slack) -> Life:
    return Life(slack, bot(slack))


def uploads(slack: Slack) -> list[str]:
    return [method for method in slack.methods if method in UPLOAD]


def test_the_report_of_the_namespace_is_a_file_in_its_thread(slack: Slack, life: Life) -> None:
    other = namespace(namespace="storefront")
    mine = life.report(actions=(fix(Outcome.VERIFIED),))

    life.pass_on(mine.model_copy(update={"namespaces": (*mine.namespaces, other)}))

    (file,) = slack.files.values()
    page = file.content.decode()
    assert uploads(slack) == UPLOAD
    assert file.thread == slack.posts[0].ts
    assert (file.name[:5], file.name[-5:]) == ("shop-", ".html")
    assert page.startswith("<!doctype html>")
    assert "shop" in page
    assert "storefront" not in page
    assert TOKEN not in file.authorization


def test_a_file_comes_with_each_new_state_and_with_nothing_else(slack: Slack, life: Life) -> None:
    life.pass_on()
    life.pass_on()
    assert len(slack.files) == 1

    life.resolve()
    life.pass_on()
    life.pass_on()

    assert len(slack.files) == 2


def test_nothing_is_tried_without_the_right_to_write_files(slack: Slack, life: Life) -> None:
    slack.scopes = SCOPES

    life.pass_on()

    assert uploads(slack) == []
    assert len(slack.posts) == 1


@pytest.mark.parametrize("step", UPLOAD)
def test_a_file_that_fails_harms_no_message_and_is_not_sent_again(
    slack: Slack, life: Life, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    slack.faults.append(Fault(status=403, method=step))

    with caplog.at_level(logging.WARNING):
        delivered = life.pass_on()
    life.pass_on()

    assert [one.ok for one in delivered] == [True]
    assert len(slack.posts) == 1
    assert slack.count("files.getUploadURLExternal") == 1
    assert "the report of shop is not in Slack" in caplog.text


def test_the_report_goes_to_no_address_but_slacks_and_the_gateways(
    slack: Slack, life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    slack.upload_address = "http://collector.example/upload"

    with caplog.at_level(logging.WARNING):
        life.pass_on()

    assert uploads(slack) == UPLOAD[:1]
    assert "no address for a file" in caplog.text


def test_a_pass_sends_few_files_and_only_in_the_time_that_is_left(slack: Slack) -> None:
    many = Life(slack, bot(slack), *(incident(f"app-{i}") for i in range(5)))
    many.pass_on()
    assert slack.count("upload") == 3

    late = Life(slack, bot(slack), incident("late"))
    late.pass_on(seconds=4)
    assert slack.count("upload") == 3
