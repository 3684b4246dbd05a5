"""Tools written for the reference service, unchanged: two command lines and a server for assistants."""

import json
import shutil
import subprocess
from itertools import count
from pathlib import Path

import pytest
from tests.running import wait_for

PACKAGES = Path(__file__).parent / "node"
COMMANDS = PACKAGES / "node_modules/.bin"
MCP_CLIENT = Path(__file__).parent / "programs/mcp_client.mjs"
NODE = shutil.which("node") or shutil.which("node", path=str(Path(__file__).parents[2] / ".venv" / "bin"))
LISTED = {"search_issues", "search_events", "get_sentry_resource", "update_issue"}
numbers = count(1)

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        NODE is None or not COMMANDS.is_dir(), reason="Node or its packages are missing: make install-dev"
    ),
]


class Desk:
    """Somebody at a terminal: a project of the test's own with one issue, and the tools that act on it."""

    def __init__(self, tocsin, home):
        self.tocsin = tocsin
        self.slug = f"tools-{next(numbers)}"
        tocsin.run("team", "add", "tools", "--org", "acme")
        made = tocsin.run("project", "add", self.slug, "--org", "acme", "--team", "tools", "--json")
        self.dsn = json.loads(made)["dsn"]
        self.environment = {
            "PATH": f"{Path(NODE).parent}:/usr/bin:/bin",
            "HOME": str(home),
            "SENTRY_URL": tocsin.url,
            "SENTRY_AUTH_TOKEN": tocsin.first["token"],
            "SENTRY_ORG": "acme",
            "SENTRY_PROJECT": self.slug,
            "SENTRY_NO_CACHE": "1",
            "SENTRY_CLI_NO_TELEMETRY": "1",
            "SENTRY_CLI_NO_UPDATE_CHECK": "1",
            "SENTRY_PLAIN_OUTPUT": "1",
            "SENTRY_CONFIG_DIR": str(home),
        }
        self.run(
            "sentry-cli", "send-event", "-m", "pump failed", "-l", "error", "-t", "pump:7", "-r", "tools@1", dsn=True
        )
        self.issue = wait_for(self.readable, "the issue")

    @property
    def short_id(self):
        return self.issue["shortId"]

    def readable(self):
        found = self.tocsin.issues(f"project:{self.slug}", statsPeriod="24h")
        return found[0] if found and found[0]["count"] != "0" else None

    def state(self):
        issue = self.tocsin.get(f"/organizations/acme/issues/{self.issue['id']}/")
        return issue["status"], issue["substatus"]

    def run(self, *command, dsn=False):
        more = {"SENTRY_DSN": self.dsn} if dsn else {}
        return self._output([str(COMMANDS / command[0]), *command[1:]], more)

    def ask(self, *calls):
        """Return the texts that the tools of the MCP server answer with."""
        told = [json.dumps(_call(name, {"organizationSlug": "acme", **given})) for name, given in calls]
        server, host = COMMANDS / "sentry-mcp", self.tocsin.url.removeprefix("http://")
        printed = self._output([NODE, str(MCP_CLIENT), str(server), self.tocsin.first["token"], host, *told], {})
        answers = [json.loads(line) for line in printed.splitlines()]
        assert not [answer for answer in answers if answer["failed"]]
        return [answer["text"] for answer in answers]

    def _output(self, command, more):
        done = subprocess.run(
            command, env=self.environment | more, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _call(name, given):
    """Return a call of a tool: those that the server does not list are reached through one that it does."""
    return [name, given] if name in LISTED else ["execute_sentry_tool", {"name": name, "arguments": given}]


@pytest.fixture
def desk(tocsin, tmp_path):
    return Desk(tocsin, tmp_path)


def test_the_command_line_lists_what_is_there_and_acts_on_issues(desk):
    assert "acme" in desk.run("sentry-cli", "organizations", "list")
    assert desk.slug in desk.run("sentry-cli", "projects", "list")
    assert desk.short_id in desk.run("sentry-cli", "issues", "list", "--query", "is:unresolved")
    assert "pump failed" in desk.run("sentry-cli", "events", "list", "-U", "-T")
    for command, expected in (
        ("resolve", ("resolved", None)),
        ("unresolve", ("unresolved", "regressed")),
        ("mute", ("ignored", "archived_forever")),
    ):
        desk.run("sentry-cli", "issues", command, "-i", desk.issue["id"])
        assert desk.state() == expected


def test_the_command_line_makes_releases_and_deploys(desk):
    version = f"{desk.slug}@2.0.0"
    desk.run("sentry-cli", "releases", "new", version)
    desk.run("sentry-cli", "releases", "finalize", version)
    desk.run("sentry-cli", "deploys", "new", "-r", version, "-e", "production", "-n", "friday")
    assert version in desk.run("sentry-cli", "releases", "list")
    assert "friday" in desk.run("sentry-cli", "deploys", "list", "-r", version)
    assert desk.tocsin.get(f"/organizations/acme/releases/{version}/")["deployCount"] == 1
    desk.run("sentry-cli", "releases", "delete", version)


def test_the_newer_command_line_shows_and_changes_issues(desk):
    listed = json.loads(desk.run("sentry", "issue", "list", f"acme/{desk.slug}", "--period", "24h", "--json"))
    rows = listed if isinstance(listed, list) else listed["data"]
    assert [row["shortId"] for row in rows] == [desk.short_id]
    assert json.loads(desk.run("sentry", "issue", "view", desk.short_id, "--json"))["title"] == "pump failed"
    assert "pump failed" in desk.run("sentry", "issue", "events", desk.short_id)
    assert "COUNT()" in desk.run("sentry", "explore", f"acme/{desk.slug}", "--field", "title", "--field", "count()")
    desk.run("sentry", "issue", "resolve", desk.short_id, "--in", "tools@1")
    assert desk.state() == ("resolved", None)
    desk.run("sentry", "issue", "unresolve", desk.short_id)
    desk.run("sentry", "issue", "archive", desk.short_id, "--until", "10x")
    assert desk.state() == ("ignored", "archived_until_condition_met")


def test_an_assistant_finds_reads_and_changes_issues(desk):
    issue = {"issueId": desk.short_id}
    found, read, counted, events, tags = desk.ask(
        ("search_issues", {"query": f"is:unresolved project:{desk.slug}"}),
        ("get_sentry_resource", {"resourceType": "issue", "resourceId": desk.short_id}),
        (
            "search_events",
            {"dataset": "errors", "query": f"project:{desk.slug}", "fields": ["title", "count()"], "sort": "-count()"},
        ),
        ("search_issue_events", issue | {"query": ""}),
        ("get_issue_tag_values", issue | {"tagKey": "pump"}),
    )
    assert desk.short_id in found
    assert "**Description**: pump failed" in read
    assert "pump failed" in counted
    assert "pump failed" in events
    assert '"totalValues": 1' in tags
    desk.ask(("update_issue", issue | {"status": "ignored", "ignoreMode": "untilOccurrenceCount", "ignoreCount": 10}))
    assert desk.state() == ("ignored", "archived_until_condition_met")


def test_an_assistant_makes_a_project_that_can_be_sent_to(desk):
    name = f"made-{desk.slug}"
    made, _, keys = desk.ask(
        ("create_project", {"teamSlug": "tools", "name": name, "platform": "python"}),
        ("create_dsn", {"projectSlug": name, "name": "CI"}),
        ("find_dsns", {"projectSlug": name}),
    )
    assert "@127.0.0.1:" in made
    assert '"name": "CI"' in keys
