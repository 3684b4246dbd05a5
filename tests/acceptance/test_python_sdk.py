"""The main job: the official Python SDK sends, an issue appears, the API resolves it, a new event reopens it."""

import json
import subprocess
import sys
from itertools import count

import pytest
from tests.running import wait_for

PROGRAM = """
import sentry_sdk
sentry_sdk.init({dsn!r}, release="shop@1.0.0", environment="production")
def divide(numerator, denominator):
    return numerator / denominator
divide(1, {number} - {number})
"""


def run_program(dsn, number):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(dsn=dsn, number=number)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "ZeroDivisionError" in done.stderr


numbers = count(1)


@pytest.fixture
def project(tocsin):
    """A project of the test's own: what one leaves behind must not count for another."""
    slug = f"sdk-python-{next(numbers)}"
    tocsin.run("team", "add", "python", "--org", "acme")
    made = tocsin.run("project", "add", slug, "--org", "acme", "--team", "python", "--platform", "python", "--json")
    return json.loads(made) | {"slug": slug}


def test_an_error_becomes_an_issue_is_resolved_and_regresses(tocsin, project):
    def found(query, events):
        issues = tocsin.issues(f"project:{project['slug']} {query}", statsPeriod="24h")
        return issues if [issue["count"] for issue in issues] == [str(events)] else None

    run_program(project["dsn"], 1)
    (issue,) = wait_for(lambda: found("is:unresolved", 1), "the issue")
    assert issue["title"] == "ZeroDivisionError: division by zero"
    assert issue["shortId"] == f"{project['slug'].upper()}-1"
    assert (issue["level"], issue["platform"], issue["substatus"]) == ("error", "python", "new")
    assert issue["isUnhandled"]

    answer = tocsin.api.put(f"/organizations/acme/issues/{issue['id']}/", json={"status": "resolved"})
    assert (answer.status_code, answer.json()["status"]) == (200, "resolved")
    assert found("is:unresolved", 1) is None

    run_program(project["dsn"], 2)
    (regressed,) = wait_for(lambda: found("is:unresolved", 2), "the regression")
    assert (regressed["id"], regressed["substatus"]) == (issue["id"], "regressed")
    detail = tocsin.get(f"/organizations/acme/issues/{issue['id']}/")
    assert [entry["type"] for entry in detail["activity"]] == ["set_regression", "set_resolved", "first_seen"]

    event = tocsin.get(f"/organizations/acme/issues/{issue['id']}/events/latest/")
    (exception,) = [entry for entry in event["entries"] if entry["type"] == "exception"]
    frames = exception["data"]["values"][0]["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames] == ["<module>", "divide"]
    assert frames[-1]["vars"]["denominator"] == "0"
    assert {"key": "environment", "value": "production"}.items() <= {tag["key"]: tag for tag in event["tags"]}[
        "environment"
    ].items()
    assert event["release"]["version"] == "shop@1.0.0"


def test_a_bulk_change_of_the_project_answers_with_the_delta(tocsin, project):
    run_program(project["dsn"], 3)
    ids = wait_for(
        lambda: [issue["id"] for issue in tocsin.issues(f"project:{project['slug']}", statsPeriod="24h")], "an issue"
    )
    answer = tocsin.api.put(
        f"/projects/acme/{project['slug']}/issues/",
        params={"id": ids},
        json={"isPublic": False, "status": "unresolved"},
    )
    assert answer.status_code == 200
    assert answer.json() == {"isPublic": False, "shareId": None, "status": "unresolved", "statusDetails": {}}
