"""Jobs that check in with the official command line and the official Python SDK."""

import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from tests.running import wait_for

CLI = Path(__file__).parent / "node" / "node_modules" / "@sentry" / "cli-linux-x64" / "bin" / "sentry-cli"
PROGRAM = """
import sentry_sdk
from sentry_sdk.crons import monitor
sentry_sdk.init({dsn!r}, release="shop@1.0.0")
@monitor(monitor_slug="python-job", monitor_config={{"schedule": {{"type": "interval", "value": 1, "unit": "hour"}}}})
def job():
    raise ValueError("no disk")
try:
    job()
except ValueError:
    pass
sentry_sdk.flush()
"""
numbers = count(1)


@pytest.fixture
def project(tocsin):
    slug = f"jobs-{next(numbers)}"
    made = tocsin.run("project", "add", slug, "--org", "acme", "--platform", "python", "--json")
    return json.loads(made) | {"slug": slug}


def runs(tocsin, project, slug):
    found = [
        one
        for one in tocsin.get(f"/organizations/acme/monitors/?project={project['id']}")
        if one["slug"] == slug and one["environments"]
    ]
    path = f"/projects/acme/{project['slug']}/monitors/{slug}/checkins/"
    said = tocsin.get(path) if found else []
    return [one for one in said if one["status"] != "in_progress"]


@pytest.mark.node
@pytest.mark.skipif(not CLI.exists(), reason="sentry-cli is not installed (make setup)")
def test_sentry_cli_runs_a_job_and_lists_its_monitor(tocsin, project):
    command = [CLI, "monitors", "run", "cli-job", "-s", "*/5 * * * *", "--", sys.executable, "-c", "pass"]
    settings = os.environ | {"SENTRY_DSN": project["dsn"]}
    subprocess.run(command, env=settings, check=True, capture_output=True, timeout=60)
    (run,) = wait_for(lambda: runs(tocsin, project, "cli-job"), "the check-ins")
    assert (run["status"], run["environment"]) == ("ok", "production")
    settings = os.environ | {
        "SENTRY_URL": tocsin.url,
        "SENTRY_AUTH_TOKEN": tocsin.first["token"],
        "SENTRY_ORG": "acme",
    }
    listed = subprocess.run(
        [CLI, "monitors", "list"], env=settings, check=True, capture_output=True, timeout=60, text=True
    )
    assert "cli-job" in listed.stdout


def test_the_python_sdk_tells_of_a_job_that_fails_and_an_issue_appears(tocsin, project):
    program = PROGRAM.format(dsn=project["dsn"])
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=60)
    (run,) = wait_for(lambda: runs(tocsin, project, "python-job"), "the check-ins")
    assert run["status"] == "error"
    query = f"project:{project['slug']} issue.category:cron"
    (issue,) = wait_for(lambda: tocsin.issues(query, statsPeriod="24h"), "the issue")
    assert (issue["title"], issue["issueCategory"]) == ("Monitor failure: python-job", "cron")
