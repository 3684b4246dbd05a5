"""The official Node SDK, version 10, in a process of its own against a running server."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.running import wait_for

PACKAGES = Path(__file__).parent / "node"
NODE = shutil.which("node") or shutil.which("node", path=str(Path(__file__).parents[2] / ".venv" / "bin"))

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        NODE is None or not (PACKAGES / "node_modules").is_dir(),
        reason="Node or its packages are missing: make install-dev",
    ),
]

PROGRAM = """
const Sentry = require("@sentry/node");
Sentry.init({ dsn: process.env.DSN, release: "web@2.0.1", environment: "staging" });
function pay(order) {
  throw new TypeError(`payment failed for order ${order}`, { cause: new RangeError("amount out of range") });
}
try { pay(1234); } catch (error) { Sentry.captureException(error); }
Sentry.captureMessage("hello from node", "warning");
Sentry.close(5000).then((sent) => process.exit(sent ? 0 : 3));
"""


def test_an_error_in_an_express_handler(tocsin):
    tocsin.run("team", "add", "node", "--org", "acme")
    added = tocsin.run("project", "add", "sdk-express", "--org", "acme", "--team", "node", "--json")
    done = subprocess.run(
        [NODE, str(PACKAGES.parent / "programs" / "express_shop.js")],
        cwd=PACKAGES,
        env={**tocsin.environment, "DSN": json.loads(added)["dsn"], "NODE_PATH": str(PACKAGES / "node_modules")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    asked = "project:sdk-express error.unhandled:true"
    (issue,) = wait_for(lambda: tocsin.issues(asked, statsPeriod="24h"), "the issue")
    assert issue["title"] == "TypeError: Cannot read properties of undefined (reading 'euros')"
    assert (issue["culprit"], issue["isUnhandled"]) == ("GET /checkout/5", True)
    event = tocsin.get(f"/organizations/acme/issues/{issue['id']}/events/latest/")
    entries = {entry["type"]: entry["data"] for entry in event["entries"]}
    own = [frame for frame in entries["exception"]["values"][-1]["stacktrace"]["frames"] if frame["inApp"]]
    assert own[-1]["function"] == "priceOf"
    assert "  return prices[article].euros;" in [line for _, line in own[-1]["context"]]
    assert "added to the basket" in [crumb["message"] for crumb in entries["breadcrumbs"]["values"]]
    tags = {tag["key"]: tag["value"] for tag in event["tags"]}
    assert tags.items() >= {"basket": "full", "user": "id:7", "release": "shop@1.2.3", "handled": "no"}.items()
    assert entries["request"]["query"] == [["coupon", "free"]]


def test_errors_with_their_causes_and_messages_become_issues(tocsin):
    tocsin.run("team", "add", "node", "--org", "acme")
    added = tocsin.run("project", "add", "sdk-node", "--org", "acme", "--team", "node", "--platform", "node", "--json")
    done = subprocess.run(
        [NODE, "-e", PROGRAM],
        cwd=PACKAGES,
        env={**tocsin.environment, "DSN": json.loads(added)["dsn"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    def both():
        issues = tocsin.issues("project:sdk-node", statsPeriod="24h", sort="new")
        return {issue["title"]: issue for issue in issues} if len(issues) == 2 else None

    issues = wait_for(both, "two issues")
    error = issues["TypeError: payment failed for order 1234"]
    assert (error["level"], error["isUnhandled"], error["metadata"]["function"]) == ("error", False, "pay")
    assert issues["hello from node"]["level"] == "warning"
    event = tocsin.get(f"/organizations/acme/issues/{error['id']}/events/latest/")
    (chain,) = [entry["data"]["values"] for entry in event["entries"] if entry["type"] == "exception"]
    assert [value["type"] for value in chain] == ["RangeError", "TypeError"]
    tags = {tag["key"]: tag["value"] for tag in event["tags"]}
    assert (tags["environment"], tags["release"], tags["runtime.name"]) == ("staging", "web@2.0.1", "node")
