"""What users of the official Python SDK, its integrations and its predecessor see of their errors."""

import json
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from tests.running import wait_for

PROGRAMS = Path(__file__).parent / "programs"
numbers = count(1)


class Sender:
    """A project of the test's own, and programs that send to it."""

    def __init__(self, tocsin, folder):
        self.tocsin = tocsin
        self.folder = folder
        self.slug = f"integrations-{next(numbers)}"
        tocsin.run("team", "add", "integrations", "--org", "acme")
        made = tocsin.run("project", "add", self.slug, "--org", "acme", "--team", "integrations", "--json")
        self.dsn = json.loads(made)["dsn"]

    def run(self, program, *arguments):
        done = subprocess.run(
            [sys.executable, str(PROGRAMS / program), *arguments],
            env=self.tocsin.environment | {"DSN": self.dsn, "BROKER": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def issues(self, number):
        """Wait for that many issues and return them by title."""

        def found():
            # An issue can be seen a moment before its events can be counted.
            issues = self.tocsin.issues(f"project:{self.slug}", statsPeriod="24h")
            issues = [issue for issue in issues if issue["count"] != "0"]
            return {issue["title"]: issue for issue in issues} if len(issues) == number else None

        return wait_for(found, f"{number} issues")

    def event(self, issue):
        return Seen(self.tocsin.get(f"/organizations/acme/issues/{issue['id']}/events/latest/"))


class Seen:
    """An event as its page shows it."""

    def __init__(self, event):
        self.event = event
        self.tags = {tag["key"]: tag["value"] for tag in event["tags"]}
        self.entries = {entry["type"]: entry["data"] for entry in event["entries"]}

    @property
    def own_functions(self):
        frames = self.entries["exception"]["values"][-1]["stacktrace"]["frames"]
        return [frame["function"] for frame in frames if frame["inApp"]]

    @property
    def breadcrumbs(self):
        return [crumb["message"] for crumb in self.entries["breadcrumbs"]["values"]]

    @property
    def mechanism(self):
        return self.entries["exception"]["values"][-1]["mechanism"]["type"]


@pytest.fixture
def sender(tocsin, tmp_path):
    return Sender(tocsin, tmp_path)


def test_an_error_in_a_django_view(sender):
    sender.run("django_shop.py")
    ((title, issue),) = sender.issues(1).items()
    assert (title, issue["culprit"], issue["isUnhandled"]) == ("KeyError: 5", "/checkout/{article}/", True)
    seen = sender.event(issue)
    assert seen.own_functions == ["checkout", "price_of"]
    assert "added to the basket" in seen.breadcrumbs
    assert (
        seen.tags.items()
        >= {
            "basket": "full",
            "environment": "staging",
            "release": "shop@1.2.3",
            "handled": "no",
            "level": "error",
            "user": "id:7",
            "transaction": "/checkout/{article}/",
        }.items()
    )
    assert seen.event["user"].items() >= {"id": "7", "email": "jane@example.com"}.items()
    request = seen.entries["request"]
    assert (request["method"], request["query"]) == ("GET", [["coupon", "free"]])
    assert request["url"].endswith("/checkout/5/")
    assert ["User-Agent", "till/1.0"] in request["headers"]
    assert seen.event["release"]["version"] == "shop@1.2.3"


def test_an_error_in_a_flask_view(sender):
    sender.run("flask_shop.py")
    ((title, issue),) = sender.issues(1).items()
    assert (title, issue["culprit"]) == ("OutOfStockError: none left of tea", "reservation")
    seen = sender.event(issue)
    assert seen.own_functions == ["reservation", "reserve"]
    assert (seen.mechanism, seen.tags["handled"]) == ("flask", "no")
    assert seen.entries["request"]["method"] == "POST"


def test_an_error_in_a_fastapi_endpoint(sender):
    sender.run("fastapi_shop.py")
    ((title, issue),) = sender.issues(1).items()
    assert title == "ZeroDivisionError: integer division or modulo by zero"
    assert issue["culprit"] == "/stock/{article}"
    seen = sender.event(issue)
    assert seen.own_functions == ["stock", "stock_of"]
    assert seen.tags["release"] == "shop@1.2.3"


def test_a_celery_job_that_fails_in_its_worker(sender):
    sender.run("celery_jobs.py", "send")
    sender.run("celery_jobs.py", "work")
    ((title, issue),) = sender.issues(1).items()
    assert (title, issue["culprit"], issue["isUnhandled"]) == ("KeyError: 'address'", "jobs.send_invoice", True)
    seen = sender.event(issue)
    assert seen.own_functions == ["send_invoice", "letter_of"]
    assert (seen.mechanism, seen.tags["release"]) == ("celery", "jobs@2.0")
    assert seen.event["context"]["celery-job"]["task_name"] == "jobs.send_invoice"


def test_an_error_that_is_logged_and_a_task_that_dies_alone(sender):
    sender.run("logging_and_asyncio.py")
    issues = sender.issues(2)
    logged = sender.event(issues["ledger A-17 is out of balance by 12"])
    assert logged.tags["logger"] == "billing.ledger"
    assert "starting with nothing" in logged.breadcrumbs
    assert (
        logged.entries["message"].items()
        >= {
            "message": "ledger %s is out of balance by %d",
            "formatted": "ledger A-17 is out of balance by 12",
        }.items()
    )
    died = sender.event(issues["LookupError: no account for 5"])
    assert died.mechanism == "asyncio"
    assert died.own_functions[-1] == "poll"


def test_what_the_old_client_sends(sender):
    sender.run("raven_legacy.py")
    issues = sender.issues(2)
    seen = sender.event(issues["ValueError: could not convert string to float: 'twelve'"])
    assert seen.own_functions == ["<module>", "convert"]
    assert seen.tags.items() >= {"era": "raven", "user": "id:9", "release": "old@1", "level": "error"}.items()
    assert issues["hello 'world'"]["level"] == "warning"
