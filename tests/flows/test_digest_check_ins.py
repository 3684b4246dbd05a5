"""Check-ins through the pipeline: stored once, told as one issue an incident, resolved by the recovery."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from tests.flows.conftest import NOON, Shop

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.issue.category import Category, category_of
from tocsin.domain.issue.issue import ActivityType, Issue, Status, Substatus
from tocsin.domain.monitor.check_in import CheckIn, CheckInStatus
from tocsin.domain.monitor.environment import Health
from tocsin.domain.monitor.schedule import Interval, Unit
from tocsin.flows.monitor_clock import WAIT, WAIT_MAX, MonitorClock
from tocsin.flows.retain import CHECK_IN_AGE_MAX, Retain
from tocsin.storage.spool.local import LocalSpool
from tocsin.storage.state import activity, check_ins, monitor_steps, monitors, projects
from tocsin.storage.state.tables import outcome

CORPUS = Path(__file__).parents[1] / "corpus"
HOURLY = {"schedule": {"type": "crontab", "value": "0 * * * *"}, "checkin_margin": 5, "max_runtime": 10}


class Jobs:
    """Jobs of the shop that report, with the spool between what we make and the pipeline."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.shop = shop
        self.spool = LocalSpool(folder / "spool")
        self.woken = 0
        self.clock = MonitorClock(shop.state, self.spool, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def recorded(self, name: str) -> Accepted:
        sent = json.loads((CORPUS / f"{name}.json").read_text())
        body = (CORPUS / f"{name}.envelope").read_bytes()
        encoding = "" if sent["content_encoding"] == "identity" else sent["content_encoding"]
        accepted = self.shop.accepted()
        return msgspec.structs.replace(accepted, body=body, encoding=encoding, event_id="")

    def item(self, payload: object, item_type: str = "check_in") -> Accepted:
        line = msgspec.json.encode({"type": item_type})
        body = b"{}\n" + line + b"\n" + msgspec.json.encode(payload) + b"\n"
        return msgspec.structs.replace(self.shop.accepted(), body=body, event_id="")

    def send(self, status: str, slug: str = "nightly-export", **fields: Any) -> None:
        self.shop.write(self.item({"monitor_slug": slug, "status": status, "monitor_config": HOURLY} | fields))

    def tell(self) -> int:
        """Carry out what follows, and digest what that sends."""
        told = self.clock.tell(self.shop.now)
        self.digest()
        return told

    def digest(self) -> None:
        while (batch := self.spool.claim(100, 10**7, self.shop.now)) is not None:
            self.shop.write(*(entry.accepted for entry in batch.entries), batch=batch.id)
            self.spool.done(batch.id)

    def monitor(self, slug: str = "nightly-export") -> Any:
        with self.shop.state.read() as connection:
            return monitors.by_keys(connection, [(self.shop.project.id, slug)]).get((self.shop.project.id, slug))

    def environment(self, slug: str = "nightly-export") -> Any:
        with self.shop.state.read() as connection:
            (only,) = monitors.environments(connection, [self.monitor(slug).id])[self.monitor(slug).id]
        return only

    def check_ins(self) -> list[CheckIn]:
        with self.shop.state.read() as connection:
            return check_ins.newest(connection, [self.environment().id], limit=100)

    def outcomes(self) -> Counter[tuple[str, str, str]]:
        with self.shop.state.read() as connection:
            rows = connection.execute(select(outcome)).mappings().all()
        return Counter({(row["category"], row["verdict"], row["reason"]): row["quantity"] for row in rows})

    def story(self, issue: Issue) -> list[ActivityType]:
        with self.shop.state.read() as connection:
            return [one.type for _, one in reversed(activity.page(connection, issue.id, limit=50))]


@pytest.fixture
def jobs(shop: Shop, tmp_path: Path) -> Jobs:
    return Jobs(shop, tmp_path)


def test_recorded_check_ins_make_a_monitor_and_one_run(jobs):
    """ingest-I11"""
    jobs.shop.write(jobs.recorded("python-checkin-1"))
    jobs.shop.write(jobs.recorded("python-checkin-2"))
    config = jobs.monitor().config
    assert (config.schedule, config.timezone) == ("0 3 * * *", "Europe/Vienna")
    assert (config.checkin_margin, config.max_runtime, config.failure_issue_threshold) == (5, 30, 2)
    (run,) = jobs.check_ins()
    assert (run.status, run.duration_ms, run.release) == (CheckInStatus.OK, 12_500, "shop-backend@1.4.2+77")
    assert run.guid == "75e06c2f9c28429194056444d29d3960"
    assert jobs.environment().name == "production"
    assert jobs.outcomes() == {("monitor", "accepted", ""): 2}


def test_both_check_ins_of_a_run_may_come_in_one_batch(jobs):
    jobs.shop.write(jobs.recorded("node-checkin-1"), jobs.recorded("node-checkin-2"))
    environment = jobs.environment("node-job")
    assert jobs.monitor("node-job").config.schedule == Interval(1, Unit.HOUR)
    assert (environment.name, environment.health) == ("staging", Health.ERROR)


@pytest.mark.parametrize(
    ("name", "schedule"),
    [("python-checkin-decorator-1", None), ("pythongzip-checkin-1", "0 3 * * *")],
)
def test_every_recorded_client_is_understood(jobs, name, schedule):
    jobs.shop.write(jobs.recorded(name))
    assert jobs.outcomes() == {("monitor", "accepted", ""): 1}
    assert schedule is None or jobs.monitor().config.schedule == schedule


def test_an_unknown_monitor_without_config_is_dropped(jobs):
    """ingest-I13"""
    jobs.send("ok", monitor_config=None)
    assert jobs.monitor() is None
    assert jobs.outcomes() == {("monitor", "invalid", "monitor_not_found"): 1}


def test_a_config_that_cannot_be_read_makes_no_monitor_and_spoils_no_check_in(jobs):
    broken = {"schedule": {"type": "crontab", "value": "0 0 L * *"}}
    jobs.send("ok", monitor_config=broken)
    assert jobs.monitor() is None
    jobs.send("ok")
    jobs.send("ok", monitor_config=broken)
    assert jobs.monitor().config.schedule == "0 * * * *"
    assert len(jobs.check_ins()) == 2


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ([], "invalid_check_in"),
        ({"status": "ok"}, "invalid_monitor_slug"),
        ({"status": "ok", "monitor_slug": "!!"}, "invalid_monitor_slug"),
        ({"status": "done", "monitor_slug": "a"}, "invalid_status"),
        ({"status": "missed", "monitor_slug": "a"}, "invalid_status"),
        ({"status": ["ok"], "monitor_slug": "a"}, "invalid_status"),
        ({"status": "ok", "monitor_slug": "a", "check_in_id": "x"}, "invalid_check_in_id"),
    ],
)
def test_what_is_no_check_in_is_invalid(jobs, payload, reason):
    jobs.shop.write(jobs.item(payload))
    assert jobs.outcomes() == {("monitor", "invalid", reason): 1}


def test_a_batch_done_again_takes_its_check_ins_once(jobs):
    accepted = jobs.item({"monitor_slug": "nightly-export", "status": "error", "monitor_config": HOURLY})
    for _ in range(2):
        jobs.shop.write(accepted, batch="ab" * 16)
    assert len(jobs.check_ins()) == 1
    jobs.tell()
    assert jobs.shop.issue().times_seen == 1


def test_a_new_schedule_replaces_the_old_one_in_all_environments(jobs):
    jobs.send("ok", environment="qa")
    jobs.send("ok", monitor_config={"schedule": {"type": "interval", "value": 2, "unit": "hour"}})
    with jobs.shop.state.read() as connection:
        found = monitors.environments(connection, [jobs.monitor().id])[jobs.monitor().id]
    assert {one.name: one.next_expected_at for one in found} == dict.fromkeys(
        ["production", "qa"], NOON + timedelta(hours=2)
    )


def test_the_seventh_check_in_of_a_minute_is_too_many(jobs):
    for _ in range(7):
        jobs.send("ok")
    assert jobs.outcomes() == {
        ("monitor", "accepted", ""): 6,
        ("monitor", "rate_limited", "check_ins_per_minute"): 1,
    }


def test_a_missed_run_makes_an_issue_and_the_next_success_resolves_it(jobs):
    """ingest-I14"""
    jobs.send("ok")
    jobs.shop.later(hours=1, minutes=4)
    assert jobs.clock.look(jobs.shop.now) == 0
    jobs.shop.later(minutes=1)
    jobs.clock.look(jobs.shop.now)
    assert [one.status for one in jobs.check_ins()] == [CheckInStatus.MISSED, CheckInStatus.OK]
    assert jobs.tell() == 1
    issue = jobs.shop.issue()
    assert (issue.title, issue.level, issue.status) == ("Monitor failure: nightly-export", "error", Status.UNRESOLVED)
    assert category_of(issue) is Category.CRON
    jobs.shop.later(minutes=1)
    jobs.send("ok")
    jobs.tell()
    resolved = jobs.shop.issue()
    assert (resolved.status, resolved.times_seen) == (Status.RESOLVED, 1)
    assert jobs.story(resolved)[-1] is ActivityType.SET_RESOLVED


def test_a_new_incident_reopens_the_issue(jobs):
    for status in ("error", "ok", "error"):
        jobs.send(status)
        jobs.tell()
        jobs.shop.later(minutes=1)
    issue = jobs.shop.issue()
    assert (issue.status, issue.substatus, issue.times_seen) == (Status.UNRESOLVED, Substatus.REGRESSED, 2)


def test_incidents_and_recoveries_of_one_environment_keep_their_order(jobs):
    """All three came before anybody carried out the first."""
    for status in ("error", "ok", "error"):
        jobs.send(status)
        jobs.shop.later(seconds=1)
    for _ in range(5):
        jobs.tell()
        jobs.shop.later(seconds=WAIT.total_seconds())
    assert (jobs.shop.issue().status, jobs.shop.issue().times_seen) == (Status.UNRESOLVED, 2)


def test_each_environment_has_an_issue_of_its_own(jobs):
    for environment in ("production", "qa"):
        jobs.send("error", environment=environment)
    jobs.tell()
    assert len(jobs.shop.issues()) == 2


def test_an_event_made_twice_after_a_crash_counts_once(jobs):
    jobs.send("error")
    with jobs.shop.state.read() as connection:
        before = connection.execute(select(monitor_steps.outbox.outbox)).mappings().all()
    (notice,) = [row for row in before if row["kind"] == monitor_steps.FAILED]
    jobs.tell()
    with jobs.shop.state.write() as connection:
        again = monitor_steps.outbox.Notice(kind=notice["kind"], payload=notice["payload"])
        monitor_steps.outbox.add(connection, [again], jobs.shop.now)
    jobs.tell()
    assert jobs.shop.issue().times_seen == 1
    assert jobs.shop.stored_events() == 1


def test_the_event_carries_its_monitor_in_context_and_tags(jobs):
    jobs.send("error", release="shop@1", environment="qa")
    jobs.tell()
    ((tags, payload),) = jobs.shop.history.rows("SELECT tags, payload FROM event")
    assert tags["monitor.slug"] == "nightly-export"
    assert tags["monitor.id"] == str(jobs.monitor().id)
    assert (tags["environment"], tags["release"]) == ("qa", "shop@1")
    monitor = json.loads(payload)["contexts"]["monitor"]
    assert (monitor["status"], monitor["config"]["schedule"]) == ("error", "0 * * * *")


def test_nobody_else_can_send_the_failure_of_a_monitor(jobs):
    jobs.shop.write(jobs.item({"event_id": "a" * 32, "logentry": {"formatted": "fake"}}, "monitor_failure"))
    assert jobs.shop.issues() == []
    assert jobs.outcomes() == {("internal", "filtered", "not-stored"): 1}


def test_the_clock_stands_while_check_ins_wait_in_the_spool(jobs):
    jobs.send("ok")
    jobs.shop.later(minutes=59)
    jobs.spool.append_many([jobs.item({"monitor_slug": "nightly-export", "status": "ok"})])
    jobs.shop.later(hours=1)
    jobs.clock.look(jobs.shop.now)
    assert [one.status for one in jobs.check_ins()] == [CheckInStatus.OK]
    jobs.digest()
    jobs.clock.look(jobs.shop.now)
    assert jobs.check_ins()[0].status is CheckInStatus.MISSED


def test_a_run_that_takes_too_long_is_an_incident(jobs):
    jobs.send("in_progress")
    jobs.shop.later(minutes=10)
    jobs.clock.look(jobs.shop.now)
    assert [one.status for one in jobs.check_ins()] == [CheckInStatus.TIMEOUT]
    jobs.tell()
    assert jobs.shop.issue().culprit == "A check-in took too long"


def test_two_clocks_notice_a_missed_run_once(jobs):
    jobs.send("ok")
    jobs.shop.later(hours=2)
    for _ in range(2):
        MonitorClock(jobs.shop.state, jobs.spool, lambda: None).look(jobs.shop.now)
    assert len(jobs.check_ins()) == 2


def test_a_disabled_monitor_takes_nothing_and_misses_nothing(jobs):
    jobs.send("ok")
    with jobs.shop.state.write() as connection:
        monitors.save(connection, msgspec.structs.replace(jobs.monitor(), is_active=False))
    jobs.send("error")
    jobs.shop.later(days=1)
    jobs.clock.look(jobs.shop.now)
    assert [one.status for one in jobs.check_ins()] == [CheckInStatus.OK]


def test_a_recovery_whose_event_never_comes_is_given_up(jobs):
    jobs.send("error")
    jobs.send("ok")
    assert jobs.clock.tell(jobs.shop.now) == 2
    jobs.shop.later(seconds=WAIT_MAX.total_seconds() + 1)
    assert jobs.clock.tell(jobs.shop.now) == 1
    assert jobs.clock.tell(jobs.shop.now) == 0


def test_check_ins_of_a_project_that_is_gone_are_nobodys(jobs):
    accepted = jobs.item({"monitor_slug": "a", "status": "ok", "monitor_config": HOURLY})
    with jobs.shop.state.write() as connection:
        projects.remove(connection, jobs.shop.project.id)
    jobs.shop.write(accepted)
    assert jobs.outcomes() == {}


def test_runs_are_forgotten_after_ninety_days(jobs):
    jobs.send("ok")
    retain = Retain(jobs.shop.state, jobs.shop.history, duplicate_window_hours=1, retention_days=90)
    retain.run(NOON + CHECK_IN_AGE_MAX)
    assert len(jobs.check_ins()) == 1
    retain.run(NOON + CHECK_IN_AGE_MAX + timedelta(seconds=1))
    assert jobs.check_ins() == []


def test_a_run_is_known_by_when_the_request_came_not_by_when_it_was_digested(jobs):
    accepted = jobs.item({"monitor_slug": "nightly-export", "status": "ok", "monitor_config": HOURLY})
    jobs.shop.later(hours=3)
    jobs.shop.write(accepted)
    assert jobs.check_ins()[0].started_at == datetime(2026, 11, 18, 12, tzinfo=UTC)
