"""The real digest, triage and clock against a naive model that keeps every event in a list (spec/mutation.md 4)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.domain.access import SCOPES_OF, Role
from tocsin.domain.caller import Reach
from tocsin.domain.errors import Unavailable
from tocsin.domain.issue.issue import IssueId, Status, Substatus
from tocsin.flows.digest.apply import BatchWriter
from tocsin.flows.retain import Retain
from tocsin.flows.triage import Acting, Triage
from tocsin.storage.state import issues, organizations, users

ARCHIVED = (Substatus.ARCHIVED_FOREVER, Substatus.ARCHIVED_UNTIL_CONDITION_MET, Substatus.ARCHIVED_UNTIL_ESCALATING)


class Sent(msgspec.Struct, eq=False):
    """An event as the model remembers it."""

    at: datetime
    user: str
    digested_at: datetime
    is_in_history: bool = False


BEGAN = datetime(2026, 11, 18, 12, tzinfo=UTC)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


class Model:
    """One issue, judged the slow and obvious way."""

    def __init__(self, now: datetime) -> None:
        self.events = [Sent(at=now, user="", digested_at=now, is_in_history=True)]
        self.archived: Substatus | None = None
        self.back: Substatus | None = Substatus.NEW
        self.terms: dict[str, int] = {}
        self.began = now
        self.seen_before = 0
        self.events_max: int | None = None

    @property
    def stands(self) -> tuple[Status, Substatus | None]:
        return (Status.IGNORED, self.archived) if self.archived else (Status.UNRESOLVED, self.back)

    def archive(self, terms: dict[str, int], now: datetime, *, until_escalating: bool) -> None:
        self.terms = {} if until_escalating else terms
        self.began, self.seen_before = now, len(self.events)
        if not self.archived:
            self.archived = ARCHIVED[2] if until_escalating else ARCHIVED[1] if terms else ARCHIVED[0]
            self.events_max = None

    def take_in(self, sent: list[Sent], now: datetime) -> None:
        """State learns of events: it knows the time and how many there were."""
        self.events += sent
        counted = "count" in self.terms and "window" not in self.terms
        if counted and len(self.events) - self.seen_before >= self.terms["count"]:
            self._lift()
        self.wake(now)

    def wake(self, now: datetime) -> None:
        if "duration" in self.terms and self.began + timedelta(minutes=self.terms["duration"]) <= now:
            self._lift()

    def judge(self, batch: list[Sent], now: datetime) -> None:
        """History has the events as well: it knows when they were and whose."""
        stored = [one for one in self.events if one.is_in_history]
        is_escalating = self.archived is ARCHIVED[2] and self._is_too_much(stored, batch, now)
        if self._is_window_full(stored, now) or self._has_enough_users(stored, now):
            self._lift()
        elif is_escalating:
            self.terms = {}
            self._lift()

    def _is_window_full(self, stored: list[Sent], now: datetime) -> bool:
        if not {"count", "window"} <= self.terms.keys():
            return False
        since = now - timedelta(minutes=self.terms["window"])
        return sum(one.at >= since for one in stored) >= self.terms["count"]

    def _has_enough_users(self, stored: list[Sent], now: datetime) -> bool:
        if "user_count" not in self.terms:
            return False
        if "user_window" in self.terms:
            since = now - timedelta(minutes=self.terms["user_window"])
            return len({one.user for one in stored if one.at >= since} - {""}) >= self.terms["user_count"]
        before = {one.user for one in stored if one.digested_at < self.began}
        return len({one.user for one in stored} - before - {""}) >= self.terms["user_count"]

    def _is_too_much(self, stored: list[Sent], batch: list[Sent], now: datetime) -> bool:
        if self.events_max is None:
            earlier = [_hour(one.at) for one in stored if one not in batch and _hour(one.at) <= _hour(now)]
            hours = Counter(earlier)
            self.events_max = max(10, 2 * max(hours.values(), default=0))
        return sum(one.at >= now - timedelta(hours=1) for one in stored) > self.events_max

    def _lift(self) -> None:
        if self.archived:
            self.archived = None
            self.back = Substatus.ONGOING if "duration" in self.terms else Substatus.ESCALATING
        self.terms = {}


class Moody:
    """History that refuses what it is told to refuse."""

    def __init__(self, history: Any) -> None:
        self.history = history
        self.refusing = ""

    def rows(self, *question: Any) -> Any:
        self._answer("rows")
        return self.history.rows(*question)

    def insert_columns(self, *columns: Any) -> None:
        self._answer("insert")
        self.history.insert_columns(*columns)

    def _answer(self, what: str) -> None:
        if self.refusing == what:
            raise Unavailable("The event store is away.")


class Pair:
    """The model and the stores, which are done the same things."""

    groups = count(1)

    def __init__(self, shop: Any, by: Acting) -> None:
        self.shop, self.by = shop, by
        number = next(self.groups)
        self.group = f"model-{number}"
        # Every time at the same minute of the hour, so that what fails once fails again.
        shop.now = BEGAN + timedelta(days=10 * (number % 1000))
        self.history = Moody(shop.history)
        self.writer = BatchWriter(shop.state, self.history, shop.blobs, lambda: shop.now)
        self.triage = Triage(shop.state, shop.history, lambda: "5" * 32)
        self.retain = Retain(shop.state, shop.history, duplicate_window_hours=72, retention_days=3650)
        shop.send(fingerprint=[self.group])
        self.issue_id: IssueId = max(issue.id for issue in shop.issues())
        self.model = Model(shop.now)
        self.unfinished: list[tuple[str, list[Any], list[Sent], datetime]] = []
        shop.later(hours=2)

    @property
    def stands(self) -> tuple[Status, Substatus | None]:
        with self.shop.state.read() as connection:
            issue = issues.load(connection, [self.issue_id])[self.issue_id]
        return issue.status, issue.substatus

    def archive(self, terms: dict[str, int], *, until_escalating: bool = False) -> None:
        body = {"status": "ignored"} | {NAMES[name]: value for name, value in terms.items()}
        if until_escalating:
            body["substatus"] = "archived_until_escalating"
        self.triage.carry_out([self.issue_id], body, self.by, self.shop.now)
        self.model.archive(terms, self.shop.now, until_escalating=until_escalating)

    def send(self, happened: list[tuple[int, str]], failing: str) -> None:
        now = self.shop.now
        sent = [Sent(at=now - timedelta(minutes=ago), user=user, digested_at=now) for ago, user in happened]
        accepted = [
            self.shop.accepted(
                fingerprint=[self.group],
                timestamp=one.at.timestamp(),
                **({"user": {"id": one.user}} if one.user else {}),
            )
            for one in sent
        ]
        batch = f"{next(self.shop.numbers):032x}"
        self.model.take_in(sent, now)
        self.history.refusing = failing
        # The first one is sent twice.
        if self._is_written(batch, [*accepted, accepted[0]]):
            self._judged(sent, now)
        else:
            for one in sent:
                one.is_in_history = failing == "rows"
            self.unfinished.append((batch, accepted, sent, now))
        self.history.refusing = ""

    def finish(self) -> None:
        """Apply again what broke off, and once more for good measure."""
        for batch, accepted, sent, at in self.unfinished:
            assert self._is_written(batch, accepted)
            self._judged(sent, at)
            assert self._is_written(batch, accepted)
        self.unfinished.clear()

    def clock(self) -> None:
        self.retain.run(self.shop.now)
        self.model.wake(self.shop.now)

    def _judged(self, sent: list[Sent], at: datetime) -> None:
        for one in sent:
            one.is_in_history = True
        self.model.judge(sent, at)

    def _is_written(self, batch: str, accepted: list[Any]) -> bool:
        try:
            self.writer.write(batch, self.shop.digested(*accepted))
        except Unavailable:
            return False
        return True


NAMES = {
    "duration": "ignoreDuration",
    "count": "ignoreCount",
    "window": "ignoreWindow",
    "user_count": "ignoreUserCount",
    "user_window": "ignoreUserWindow",
}
_MINUTES = st.sampled_from([10, 60, 90])
_TERMS = st.one_of(
    st.fixed_dictionaries({"count": st.integers(1, 6)}, optional={"window": _MINUTES}),
    st.fixed_dictionaries({"user_count": st.integers(1, 4)}, optional={"user_window": _MINUTES}),
    st.fixed_dictionaries({"duration": st.integers(1, 90)}),
    st.fixed_dictionaries(
        {"count": st.integers(2, 8), "user_count": st.integers(1, 4)},
        optional={"window": _MINUTES, "user_window": _MINUTES, "duration": st.integers(30, 120)},
    ),
)
_EVENTS = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 1, 9, 10, 60, 70]), st.sampled_from(["", "a", "b", "c", "d", "e"])),
    min_size=1,
    max_size=6,
)
_SPIKE = st.integers(9, 24).map(lambda events: [(0, "")] * events)
_ARCHIVE = st.one_of(st.tuples(st.just("archive"), _TERMS), st.tuples(st.just("escalating"), st.none()))
_BROKEN = st.tuples(_EVENTS | _SPIKE, st.sampled_from(["insert", "rows"]))
_STEPS = st.lists(
    st.one_of(
        _ARCHIVE,
        st.tuples(st.just("send"), _EVENTS),
        st.tuples(st.just("send"), _EVENTS | _SPIKE),
        st.tuples(st.just("break"), _BROKEN),
        st.tuples(st.just("break and finish"), _BROKEN),
        st.tuples(st.just("finish"), st.none()),
        st.tuples(st.just("clock"), st.none()),
        st.tuples(st.just("wait"), st.sampled_from([5, 30, 59, 60])),
    ),
    min_size=3,
    max_size=12,
)


@pytest.fixture
def by(shop) -> Acting:
    with shop.state.write() as connection:
        organization = organizations.by_slug(connection, "acme")
        user_id = users.create(connection, "jane@acme.io", shop.now)
        organizations.set_member(connection, organization.id, user_id, Role.OWNER, shop.now)
        user = users.by_id(connection, user_id)
    reach = Reach(organization=organization, role=Role.OWNER, scopes=SCOPES_OF[Role.OWNER], projects=(shop.project,))
    return Acting(user=user, reach=reach)


@given(first=_ARCHIVE, steps=_STEPS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_an_archived_issue_comes_back_when_a_naive_count_says_so(shop, by, first, steps):
    pair = Pair(shop, by)
    for name, given_ in [first, *steps, ("finish", None)]:
        shop.later(minutes=1)
        match name:
            case "archive":
                pair.archive(given_)
            case "escalating":
                pair.archive({}, until_escalating=True)
            case "send":
                pair.send(given_, "")
            case "break":
                pair.send(*given_)
            case "break and finish":
                pair.send(*given_)
                shop.later(minutes=1)
                pair.finish()
            case "finish":
                pair.finish()
            case "clock":
                pair.clock()
            case "wait":
                shop.later(minutes=given_)
        assert pair.stands == pair.model.stands, name
