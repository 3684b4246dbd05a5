"""Start, refuse a second one, administer while it runs, survive a dead worker, drain and stop."""

import json
import os
import pathlib
import signal
import time

import httpx
import pytest
from tests.running import TOCSIN, Tocsin, running, wait_for

ENVELOPE = b'{"event_id":"%s"}\n{"type":"event"}\n{"message":"%s"}\n'


def post(tocsin, dsn, event_id, text="hello"):
    key, project_id = dsn.split("//")[1].split("@")[0], dsn.rsplit("/", 1)[1]
    body = ENVELOPE % (event_id.encode(), text.encode())
    return httpx.post(f"{tocsin.url}/api/{project_id}/envelope/?sentry_key={key}", content=body, timeout=30)


def test_init_is_idempotent_and_says_how_to_begin(tmp_path):
    tocsin = Tocsin(tmp_path)
    again = json.loads(
        tocsin.run(
            "init",
            "--org",
            "acme",
            "--project",
            "backend",
            "--platform",
            "python",
            "--email",
            "jane@example.com",
            "--json",
        )
    )
    assert again == tocsin.first
    assert {"url", "org", "project", "project_id", "dsn", "token", "email"} <= set(again)
    assert again["dsn"].endswith(f"@127.0.0.1:{tocsin.port}/{again['project_id']}")
    assert (tmp_path / "init-token").stat().st_mode & 0o777 == 0o600
    tocsin.close()


def test_a_second_program_on_the_same_directory_is_refused_with_the_reason(tocsin):
    said = tocsin.run("serve", code=3)
    assert "is in use by the process with id" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"TOCSIN_PORT": "many"}, "Bad setting TOCSIN_PORT"),
        ({"TOCSIN_PROT": "8000"}, "Unknown setting TOCSIN_PROT"),
        ({"TOCSIN_STATE_URL": "mysql://x"}, "Bad setting TOCSIN_STATE_URL"),
    ],
)
def test_a_bad_setting_ends_with_one_clear_line_and_code_two(tmp_path, settings, text):
    tocsin = Tocsin(tmp_path)
    tocsin.settings |= settings
    said = tocsin.run("serve", code=2)
    assert text in said
    assert said.count("\n") == 1
    tocsin.close()


def test_administration_works_while_the_server_runs(tocsin):
    tocsin.run("org", "add", "umbrella")
    tocsin.run("team", "add", "core", "--org", "umbrella")
    arguments = ("project", "add", "late", "--org", "umbrella", "--team", "core", "--platform", "go", "--json")
    project = json.loads(tocsin.run(*arguments))
    assert json.loads(tocsin.run(*arguments)) == project
    user = json.loads(
        tocsin.run("user", "add", "bob@example.com", "--org", "umbrella", "--role", "member", "--username", "bob",
                   "--team", "core", "--json")
    )  # fmt: skip
    assert (user["username"], user["email"]) == ("bob", "bob@example.com")
    token = json.loads(tocsin.run("token", "add", "--user", "bob@example.com", "--scopes", "event:read", "--json"))[
        "token"
    ]
    # The new key, the new user and the new token hold for the very next request.
    assert post(tocsin, project["dsn"], "ab" * 16).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=headers, base_url=f"{tocsin.url}/api/0", timeout=30) as bob:
        issues = wait_for(lambda: bob.get("/organizations/umbrella/issues/").json(), "bob's issue")
        assert [issue["shortId"] for issue in issues] == ["LATE-1"]
        path = f"/organizations/umbrella/issues/{issues[0]['id']}/"
        assert bob.put(path, json={"status": "resolved"}).status_code == 403
        assert bob.get("/organizations/acme/issues/").status_code == 403


def the_only_issue(tocsin):
    """Return the one issue once its events can be counted: state knows it a moment before history does."""
    issues = wait_for(lambda: [one for one in tocsin.issues("") if one["count"] != "0"], "the issue")
    assert len(issues) == 1
    return issues[0]


def test_it_stops_within_ten_seconds_and_loses_nothing(tmp_path):
    with running(tmp_path) as tocsin:
        for number in range(50):
            assert post(tocsin, tocsin.dsn, f"{number:032x}").status_code == 200
        started = time.monotonic()
        assert tocsin.stop() == 0
        assert time.monotonic() - started < 10
        tocsin.start()
        wait_for(tocsin.drained, "the digest of everything")
        assert the_only_issue(tocsin)["count"] == "50"


def test_a_dead_server_is_started_again_by_its_supervisor(tmp_path):
    with running(tmp_path) as tocsin:
        assert post(tocsin, tocsin.dsn, "cd" * 16).status_code == 200
        server = tocsin.pids()[1]
        os.kill(server, signal.SIGKILL)
        wait_for(lambda: server not in tocsin.pids() and tocsin.is_up(), "a new server")
        assert the_only_issue(tocsin)["count"] == "1"


def test_a_dead_worker_is_replaced_and_its_batch_done_again(tmp_path):
    with running(tmp_path) as tocsin:
        for pid in tocsin.pids()[2:]:
            os.kill(pid, signal.SIGKILL)
        assert post(tocsin, tocsin.dsn, "ef" * 16).status_code == 200
        assert the_only_issue(tocsin)["count"] == "1"


def test_nothing_is_left_running_when_the_supervisor_is_killed(tmp_path):
    with running(tmp_path) as tocsin:
        pids = tocsin.pids()
        assert len(pids) > 2
        os.kill(pids[0], signal.SIGKILL)
        tocsin.process.wait(10)
        wait_for(lambda: not any(is_running(pid) for pid in pids), "the end of everything below")


def is_running(pid):
    try:
        with pathlib.Path(f"/proc/{pid}/stat").open(encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_doctor_finds_a_healthy_installation(tocsin):
    findings = json.loads(tocsin.run("doctor", "--json"))
    assert {finding["subject"] for finding in findings} == {"settings", "data", "state", "spool", "history"}
    assert all(finding["ok"] for finding in findings if finding["subject"] != "data")


def test_history_is_put_in_order_while_no_server_runs(tmp_path):
    tocsin = Tocsin(tmp_path)
    assert tocsin.run("upkeep") == "History is in order.\n"
    assert json.loads(tocsin.run("upkeep", "--json"))["is_complete"] is True
    tocsin.close()


def test_a_running_server_puts_its_history_in_order_by_itself(tocsin):
    assert "the server does this by itself" in tocsin.run("upkeep", code=3)


def test_dead_letters_are_listed_retried_and_dropped(tocsin):
    assert json.loads(tocsin.run("spool", "list", "--json")) == []
    assert tocsin.run("spool", "retry", "999999").startswith("0 ")
    assert tocsin.run("spool", "drop", "999999").startswith("0 ")


def test_health_and_metrics_need_no_log_in(tocsin):
    assert tocsin.api.get(f"{tocsin.url}/readyz", headers={"Authorization": ""}).json()["status"] == "ok"
    metrics = tocsin.api.get(f"{tocsin.url}/metrics", headers={"Authorization": ""}).text
    for name in (
        "tocsin_accepted_total",
        "tocsin_digested_total",
        "tocsin_http_seconds_bucket",
        "tocsin_spool_entries",
    ):
        assert name in metrics


def test_the_program_is_where_the_documentation_says():
    assert os.access(TOCSIN, os.X_OK)
