"""What SDKs tell of sessions is counted once, and makes their releases known (spec/ingest.md 8.1)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from tests.flows.conftest import NOON, Shop
from tests.flows.test_digest_outcomes import counts

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.issue.issue import Resolution, ResolutionType, Status
from tocsin.domain.session.health import Health, Tally
from tocsin.flows.retain import Retain
from tocsin.storage.history.sessions import Dimension, Sessions, health
from tocsin.storage.state import environments, issues, projects, releases

CORPUS = Path(__file__).parents[1] / "corpus"


def recorded(shop: Shop, *names: str) -> list[Accepted]:
    """Return recorded requests as accepted, each when it was recorded."""
    found = []
    for name in names:
        told = json.loads((CORPUS / f"{name}.json").read_text())
        headers = {key.lower(): value for key, value in told["headers"]}
        found.append(
            Accepted(
                project_id=shop.project.id,
                public_key="k",
                received=datetime.fromtimestamp(told["received_at"], UTC),
                event_id="ab" * 16,
                encoding=headers.get("content-encoding", ""),
                body=(CORPUS / f"{name}.envelope").read_bytes(),
            )
        )
    return found


def session(shop: Shop, *, item: str = "session", **sent: object) -> Accepted:
    body = {"sid": "5" * 32, "started": shop.now.isoformat(), "init": True, "attrs": {"release": "web@1.0"}} | sent
    line = msgspec.json.encode({"type": item})
    return Accepted(
        project_id=shop.project.id,
        public_key="k",
        received=shop.now,
        body=b"{}\n" + line + b"\n" + msgspec.json.encode(body),
    )


def told(shop: Shop) -> Health:
    return health(shop.history, Sessions(project_ids=(shop.project.id,)))[()]


@pytest.mark.parametrize(
    ("names", "sessions"),
    [
        pytest.param(["python-session-crashed-2"], Tally(total=1, errored=1), id="ingest-I01"),
        pytest.param(["pythongzip-session-crashed-2"], Tally(total=1, errored=1), id="ingest-I01 gzip"),
        pytest.param(["python-session-ok"], Tally(total=1), id="ingest-I02"),
        pytest.param(["python-sessions-aggregate-2"], Tally(total=4, errored=1), id="ingest-I03"),
        pytest.param(["node-http-request-1"], Tally(total=1, errored=1), id="aggregates of a server"),
        pytest.param(["node-unhandled-1"], Tally(total=1, crashed=1), id="ingest-I04"),
        pytest.param(["browser-onerror-1", "browser-onerror-2"], Tally(total=1, unhandled=1), id="ingest-I05"),
        pytest.param(["browser-session-2", "browser-session-3", "browser-session-1"], Tally(total=2), id="browser"),
        pytest.param(["node-exception-cause-1", "node-exception-cause-3"], Tally(total=1, errored=1), id="node"),
    ],
)
def test_recorded_sessions_are_counted(shop, names, sessions):
    shop.write(*recorded(shop, *names))
    assert told(shop).sessions == sessions


@pytest.mark.parametrize("row", ["ingest-I04"])
def test_a_crash_alone_is_free_of_nothing(shop, row):
    shop.write(*recorded(shop, "node-unhandled-1"))
    assert told(shop).sessions.crash_free_rate == 0


@pytest.mark.parametrize("row", ["ingest-I08"])
def test_a_session_without_a_release_is_dropped_and_counted_as_invalid(shop, row):
    shop.write(session(shop, attrs={}))
    assert told(shop) == Health()
    assert counts(shop) == {("session", "invalid", "no_release"): 1}


def test_items_of_both_kinds_are_counted_as_accepted(shop):
    bucket = [{"started": shop.now.isoformat(), "exited": 3}]
    shop.write(session(shop), session(shop, item="sessions", aggregates=bucket), session(shop, sid="no"))
    assert counts(shop) == {("session", "accepted", ""): 2, ("session", "invalid", "invalid_sid"): 1}
    assert told(shop).sessions.total == 4


def test_a_batch_done_again_counts_once(shop):
    bucket = [{"started": shop.now.isoformat(), "exited": 3}]
    batch = [session(shop), session(shop, item="sessions", aggregates=bucket)]
    for _ in range(3):
        shop.write(*batch, batch="ab" * 16)
    assert told(shop).sessions.total == 4
    assert counts(shop) == {("session", "accepted", ""): 2}


def test_a_crash_between_the_stores_loses_no_session(shop, monkeypatch):
    def crash(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tocsin.flows.digest.apply.insert_sessions", crash)
        with pytest.raises(KeyboardInterrupt):
            shop.write(session(shop), batch="cd" * 16)
    assert told(shop) == Health()
    shop.write(session(shop), batch="cd" * 16)
    assert told(shop).sessions.total == 1


def test_a_release_that_only_has_sessions_is_a_release(shop):
    shop.write(session(shop, attrs={"release": "web@2.0", "environment": "staging"}), session(shop))
    with shop.state.read() as connection:
        known = releases.of_project(connection, shop.project.id, ["web@2.0", "web@1.0"])
        places = releases.projects_of(connection, [one.id for one in known.values()])
        names = [one.name for one, _ in environments.of_project(connection, shop.project.id, 10)]
    assert {version: one.added_at for version, one in known.items()} == {"web@1.0": NOON, "web@2.0": NOON}
    assert all(place.first_event_at is None for found in places.values() for place in found)
    assert names == ["", "staging"]
    by_release = health(shop.history, Sessions(project_ids=(shop.project.id,)), [Dimension.RELEASE])
    assert {key: found.sessions.total for key, found in by_release.items()} == {("web@1.0",): 1, ("web@2.0",): 1}


def test_a_release_that_only_has_sessions_is_the_next_one(shop):
    shop.send(release="web@1.0")
    waiting = Resolution(
        type=ResolutionType.IN_NEXT_RELEASE, release="web@1.0", current_release="web@1.0", created_at=shop.now
    )
    with shop.state.write() as connection:
        issue = shop.issue()
        changed = replace(issue, status=Status.RESOLVED, substatus=None, resolution=waiting, resolved_at=shop.now)
        issues.save(connection, [changed])
    shop.later(hours=1)
    shop.write(session(shop, attrs={"release": "web@2.0"}))
    assert shop.issue().resolution.release == "web@2.0"


def test_neither_address_nor_browser_nor_name_is_kept(shop):
    attributes = {"release": "web@1.0", "ip_address": "203.0.113.7", "user_agent": "Mozilla/5.0"}
    shop.write(session(shop, did="jane@acme.io", attrs=attributes))
    (row,) = shop.history.rows("SELECT * FROM session")
    assert not {"jane@acme.io", "203.0.113.7", "Mozilla/5.0", "5" * 32} & set(map(str, row))
    assert told(shop).users.total == 1


def test_sessions_of_a_project_that_leaves_are_dropped(shop):
    with shop.state.write() as connection:
        projects.save(connection, shop.project.leaving())
    shop.write(session(shop))
    assert shop.history.rows("SELECT count() FROM session") == [(0,)]


def test_sessions_are_kept_as_long_as_events(shop):
    shop.write(session(shop))
    retain = Retain(shop.state, shop.history, duplicate_window_hours=1, retention_days=30)
    retain.run(shop.now + timedelta(days=30))
    assert told(shop).sessions.total == 1
    retain.run(shop.now + timedelta(days=37))
    assert told(shop) == Health()
