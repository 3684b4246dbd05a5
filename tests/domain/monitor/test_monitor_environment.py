"""A monitor's environment over check-ins and the clock, against a model that only counts."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tocsin.domain.monitor.check_in import CheckIn, CheckInStatus, SentCheckIn
from tocsin.domain.monitor.config import MonitorConfig
from tocsin.domain.monitor.environment import (
    PER_MINUTE_MAX,
    Ended,
    Expectation,
    Fate,
    Health,
    MonitorEnvironment,
    Opened,
    Step,
    look,
    rescheduled,
    take,
)
from tocsin.domain.monitor.schedule import Interval, Unit

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAILY = MonitorConfig(schedule="0 3 * * *", timezone="Europe/Vienna", checkin_margin=5, max_runtime=30)
MINUTE = timedelta(minutes=1)
OK, ERROR, RUNNING = CheckInStatus.OK, CheckInStatus.ERROR, CheckInStatus.IN_PROGRESS


class Job:
    """An environment with everything that was stored of it."""

    def __init__(self, config: MonitorConfig = DAILY, *, is_muted: bool = False) -> None:
        self.environment = MonitorEnvironment(id=7, monitor_id=1, name="production", created_at=NOON)
        self.expectation = Expectation(config=config, is_muted=is_muted)
        self.now = NOON
        self.check_ins: dict[str, CheckIn] = {}
        self.news: list[Opened | Ended] = []
        self._numbers = count(1)

    def send(self, status: CheckInStatus, guid: str = "", **fields: object) -> Fate:
        sent = SentCheckIn(guid=guid, slug="job", status=status, **fields)
        new_guid = f"{next(self._numbers):032x}"
        return self._keep(take(self.environment, self.expectation, sent, self._known(guid), self.now, new_guid)).fate

    def look(self, **passed: float) -> list[CheckIn]:
        self.now += timedelta(**passed)
        running = [one for one in self.check_ins.values() if one.status is RUNNING]
        running.sort(key=lambda one: one.started_at)
        return list(self._keep(look(self.environment, self.expectation, running, self.now)).check_ins)

    def only(self) -> CheckIn:
        (one,) = self.check_ins.values()
        return one

    def _known(self, guid: str) -> CheckIn | None:
        if guid:
            return self.check_ins.get(guid)
        running = [one for one in self.check_ins.values() if one.status is RUNNING]
        return max(running, key=lambda one: one.started_at, default=None)

    def _keep(self, step: Step) -> Step:
        self.environment = step.environment
        self.check_ins |= {one.guid: one for one in step.check_ins}
        self.news += step.news
        return step


def test_a_run_begins_and_ends_with_the_same_id() -> None:
    job = Job()
    job.send(RUNNING, "a" * 32)
    assert job.only().timeout_at == NOON + 30 * MINUTE
    job.now += timedelta(seconds=90)
    job.send(OK, "a" * 32)
    assert (job.only().status, job.only().duration_ms, job.only().timeout_at) == (OK, 90_000, None)
    assert job.environment.health is Health.OK


def test_a_duration_that_is_sent_counts() -> None:
    job = Job()
    job.send(OK, duration_ms=12_500)
    assert job.only().duration_ms == 12_500


def test_a_final_status_never_reverts() -> None:
    job = Job()
    job.send(OK, "a" * 32)
    assert job.send(RUNNING, "a" * 32) is job.send(ERROR, "a" * 32) is Fate.FINISHED
    assert job.only().status is OK


def test_no_id_is_the_latest_in_progress_or_a_new_run() -> None:
    job = Job()
    job.send(RUNNING)
    job.send(OK)
    assert job.only().status is OK
    job.send(OK)
    assert len(job.check_ins) == 2


def test_what_does_not_come_until_its_margin_is_over_is_missed() -> None:
    """ingest-I14"""
    job = Job()
    job.send(OK)
    due = datetime(2026, 11, 19, 2, tzinfo=UTC)
    assert job.environment.next_expected_at == due
    job.now = due + 5 * MINUTE - timedelta(seconds=1)
    assert job.look() == []
    (missed,) = job.look(seconds=1)
    assert (missed.status, missed.expected_at, missed.started_at) == (CheckInStatus.MISSED, due, due)
    assert job.environment.next_expected_at == due + timedelta(days=1)
    assert job.look() == []


def test_who_comes_within_the_margin_is_not_missed() -> None:
    job = Job()
    job.send(OK)
    job.now = datetime(2026, 11, 19, 2, 4, tzinfo=UTC)
    job.send(RUNNING)
    assert job.look(minutes=20) == []


def test_however_long_nobody_looked_one_run_is_missed() -> None:
    job = Job(MonitorConfig(schedule=Interval(1, Unit.MINUTE), checkin_margin=0))
    job.send(OK)
    assert len(job.look(days=3)) == 1
    assert job.environment.next_expected_at == job.now + MINUTE


def test_who_never_reported_is_not_missed() -> None:
    job = Job()
    assert job.look(days=9) == []


def test_a_run_that_takes_too_long_fails_and_stays_so() -> None:
    job = Job()
    job.send(RUNNING, "a" * 32)
    (late,) = job.look(minutes=30)
    assert late.status is CheckInStatus.TIMEOUT
    assert job.send(OK, "a" * 32) is Fate.FINISHED
    assert job.environment.health is Health.ERROR


def test_an_incident_is_told_once_and_ends_once() -> None:
    job = Job(MonitorConfig(schedule="@daily", failure_issue_threshold=2, recovery_threshold=2))
    for status in (ERROR, OK, ERROR):
        job.send(status)
    assert job.news == []
    for status in (ERROR, ERROR, OK, ERROR, OK):
        job.now += MINUTE
        job.send(status)
    (opened,) = job.news
    assert job.environment.health is Health.ERROR
    job.send(OK)
    assert job.news == [opened, Ended(event_id=opened.event_id)]
    job.now += MINUTE
    for _ in range(2):
        job.send(ERROR)
    assert isinstance(job.news[2], Opened)
    assert job.news[2].event_id != opened.event_id


def test_a_muted_monitor_tells_nothing_until_it_is_heard_again() -> None:
    job = Job(is_muted=True)
    job.send(ERROR)
    assert (job.environment.health, job.news) == (Health.ERROR, [])
    job.expectation = Expectation(config=DAILY)
    job.send(ERROR)
    assert len(job.news) == 1
    job.send(OK)
    assert len(job.news) == 2


def test_six_in_a_minute_are_taken() -> None:
    job = Job()
    fates = [job.send(OK) for _ in range(8)]
    assert fates == [Fate.TAKEN] * 6 + [Fate.TOO_MANY] * 2
    job.now += MINUTE
    assert job.send(OK) is Fate.TAKEN


def test_a_new_schedule_is_expected_from_now_on() -> None:
    job = Job()
    assert rescheduled(job.environment, DAILY, NOON).next_expected_at is None
    job.send(OK)
    hourly = MonitorConfig(schedule="@hourly", checkin_margin=2)
    fresh = rescheduled(job.environment, hourly, NOON)
    assert (fresh.next_expected_at, fresh.missed_at) == (NOON + 60 * MINUTE, NOON + 62 * MINUTE)


def test_a_long_run_does_not_bring_back_what_was_missed_meanwhile() -> None:
    job = Job(MonitorConfig(schedule="@hourly", max_runtime=600))
    job.send(RUNNING, "a" * 32)
    assert len(job.look(minutes=62)) == 1
    job.now += 58 * MINUTE
    job.send(OK, "a" * 32)
    assert job.environment.next_expected_at == NOON + 120 * MINUTE


class Against(RuleBasedStateMachine):
    """A job every ten minutes, beside a list of how its runs ended."""

    def __init__(self) -> None:
        super().__init__()
        config = MonitorConfig(
            schedule=Interval(10, Unit.MINUTE),
            checkin_margin=2,
            max_runtime=5,
            failure_issue_threshold=2,
            recovery_threshold=3,
        )
        self.job = Job(config)
        self.ends: list[bool] = []
        self.runs: dict[str, datetime | None] = {}
        """When each run times out; None once it is over."""
        self.last: datetime | None = None
        self.due: datetime | None = None
        self.minute: tuple[datetime, int] = (NOON, 0)
        self.numbers = count(1)

    def _is_taken(self) -> bool:
        minute = self.job.now.replace(second=0)
        seen = self.minute[1] + 1 if self.minute[0] == minute else 1
        if seen > PER_MINUTE_MAX:
            return False
        self.minute = (minute, seen)
        return True

    @rule(status=st.sampled_from([OK, ERROR, RUNNING]))
    def begin(self, status: CheckInStatus) -> None:
        guid = f"{next(self.numbers) + 1000:032x}"
        fate = self.job.send(status, guid)
        if self._is_taken():
            assert fate is Fate.TAKEN
            self.last = self.job.now
            self.due = max(self.due or self.last, self.last + 10 * MINUTE)
            self.runs[guid] = self.last + 5 * MINUTE if status is RUNNING else None
            if status is not RUNNING:
                self.ends.append(status is OK)
        else:
            assert fate is Fate.TOO_MANY

    @rule(status=st.sampled_from([OK, ERROR]), which=st.integers(0, 20))
    def end(self, status: CheckInStatus, which: int) -> None:
        if not self.runs:
            return
        guid = sorted(self.runs)[which % len(self.runs)]
        fate = self.job.send(status, guid)
        if not self._is_taken():
            assert fate is Fate.TOO_MANY
        elif self.runs[guid] is None:
            assert fate is Fate.FINISHED
        else:
            assert fate is Fate.TAKEN
            self.runs[guid] = None
            self.ends.append(status is OK)

    @rule(seconds=st.integers(1, 900))
    def wait(self, seconds: int) -> None:
        now = self.job.now + timedelta(seconds=seconds)
        for guid, until in self.runs.items():
            if until is not None and until <= now:
                self.runs[guid] = None
                self.ends.append(False)
        if self.due is not None and self.due + 2 * MINUTE <= now:
            self.ends.append(False)
            while self.due + 2 * MINUTE <= now:
                self.due = max(self.due, now - 2 * MINUTE) + 10 * MINUTE
        self.job.look(seconds=seconds)

    @invariant()
    def agrees(self) -> None:
        failing, bad, good, opened, ended = False, 0, 0, 0, 0
        for is_ok in self.ends:
            bad, good = (0, good + 1) if is_ok else (bad + 1, 0)
            if not failing and bad == 2:
                failing, opened = True, opened + 1
            elif failing and good >= 3:
                failing, ended = False, ended + 1
        news = self.job.news
        assert [sum(isinstance(one, kind) for one in news) for kind in (Opened, Ended)] == [opened, ended]
        assert (self.job.environment.incident_at is not None) == failing
        assert len({one.event_id for one in news}) == opened
        assert self.job.environment.next_expected_at == self.due


TestAgainstAModel = Against.TestCase
TestAgainstAModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("muted", [True, False])
def test_a_muted_environment_is_as_quiet_as_a_muted_monitor(*, muted: bool) -> None:
    job = Job()
    job.environment = MonitorEnvironment(id=7, monitor_id=1, name="qa", created_at=NOON, is_muted=muted)
    job.send(ERROR)
    assert bool(job.news) is not muted
