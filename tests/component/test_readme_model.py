"""The README's block about models, run word for word before a pass; only the server is ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from pytest_httpserver import HTTPServer

from tests.support.cluster_fixtures import COMMAND
from tests.support.simulated_cluster import Arena
from tests.support.wire_model import ModelServer, completion

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
(BLOCK,) = re.findall(r"^## With a model$.*?```\n(.*?)```", README, re.MULTILINE | re.DOTALL)
ANSWER = {
    "has_issue": True,
    "summary": "A variable is missing.",
    "root_cause": "REQUIRED_CONFIG is not set.",
    "evidence": [],
    "remediation_actions": [],
    "confidence": 0.9,
}


def test_the_block_about_models_has_a_pass_ask_the_server_that_it_names(
    arena: Arena, httpserver: HTTPServer
) -> None:
    model = ModelServer(httpserver).says(completion(json.dumps(ANSWER)))
    arena.deploy()
    arena.break_env()
    # The name in the README is no one's here: the stand-in is the way to it.
    way = {"HTTP_PROXY": httpserver.url_for(""), "NO_PROXY": "127.0.0.1"}

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{BLOCK}\nsre-watchdog run -n shop --dry-run -o json"],
        env={
            "PATH": f"{COMMAND.parent}:{os.environ['PATH']}",
            "HOME": os.environ["HOME"],
            "KUBECONFIG": str(arena.kubeconfig),
            **way,
        },
        capture_output=True,
        text=True,
        check=False,
    )

    (part,) = json.loads(done.stdout)["namespaces"]
    named = dict(re.findall(r"^export (\w+)=(\S+)", BLOCK, re.MULTILINE))
    assert part["diagnosis"]["source"] == "llm", done.stderr
    assert part["diagnosis"]["server"] == urlsplit(named["SRE_AGENT_LLM__BASE_URL"]).hostname
    assert model.bodies[0]["model"] == named["SRE_AGENT_LLM__MODEL"]
    assert model.headers[0]["Host"] == urlsplit(named["SRE_AGENT_LLM__BASE_URL"]).netloc
    assert model.headers[0]["Authorization"] == f"Bearer {named['OPENAI_API_KEY']}"
