"""Archived issues that only history can judge come back with exactly the event that was meant (spec/mutation.md 4)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tocsin.domain.access import SCOPES_OF, Role
from tocsin.domain.caller import Reach
from tocsin.domain.errors import Unavailable
from tocsin.domain.issue.issue import ActivityType, InboxReason, Priority, Snooze, Status, Substatus
from tocsin.domain.issue.observe import Turn
from tocsin.flows.digest.apply import BatchWriter
from tocsin.flows.foresee import Foresee
from tocsin.flows.triage import Acting, Triage
from tocsin.storage.state import (
    activity,
    forecasts,
    inbox,
    issue_hashes,
    issues,
    organizations,
    outbox,
    users,
)

EVENTS = {"ignoreCount": 3, "ignoreWindow": 60}
USERS = {"ignoreUserCount": 3}
USERS_IN_WINDOW = {"ignoreUserCount": 3, "ignoreUserWindow": 60}
ESCALATING = {"substatus": "archived_until_escalating"}


class MoodyHistory:
    """History that does not always answer."""

    def __init__(self, history):
        self.history = history
        self.refusing = set()

    def rows(self, *question):
        self._answer("rows")
        return self.history.rows(*question)

    def insert_columns(self, *columns):
        self._answer("insert")
        self.history.insert_columns(*columns)

    def _answer(self, what):
        if what in self.refusing:
            raise Unavailable("The event store is away.")


@pytest.fixture
def moody(shop):
    shop.history = MoodyHistory(shop.history)
    shop.writer = BatchWriter(shop.state, shop.history, shop.blobs, lambda: shop.now)
    return shop.history


@pytest.fixture
def by(shop):
    with shop.state.write() as connection:
        organization = organizations.by_slug(connection, "acme")
        user_id = users.create(connection, "jane@acme.io", shop.now)
        organizations.set_member(connection, organization.id, user_id, Role.OWNER, shop.now)
        user = users.by_id(connection, user_id)
    reach = Reach(organization=organization, role=Role.OWNER, scopes=SCOPES_OF[Role.OWNER], projects=(shop.project,))
    return Acting(user=user, reach=reach)


@pytest.fixture
def archive(shop, by):
    """Archive the only issue, which had one event of user 0 just now, on terms; then a minute passes."""
    triage = Triage(shop.state, shop.history, lambda: "5" * 32)

    def archived(**terms):
        if not shop.issues():
            send(shop, "0")
        shop.later(minutes=1)
        triage.carry_out([shop.issue().id], {"status": "ignored", **terms}, by, shop.now)
        shop.later(minutes=1)

    return archived


def send(shop, *names, minutes_ago=0, **event):
    """Digest one batch: an event of each of the users named, ``""`` for none, a second apart."""
    first = (shop.now - timedelta(minutes=minutes_ago, seconds=len(names) - 1)).timestamp()
    accepted = [
        shop.accepted(timestamp=first + nth, **({"user": {"id": name}} if name else {}), **event)
        for nth, name in enumerate(names)
    ]
    return shop.write(*accepted), [one.event_id for one in accepted]


def stands(shop):
    return shop.issue().status, shop.issue().substatus


def is_archived(shop):
    return shop.issue().status is Status.IGNORED


def told(shop):
    """Return what was told last, and its data."""
    with shop.state.read() as connection:
        ((_, entry),) = activity.page(connection, shop.issue().id, limit=1)
    return entry.type, entry.data


# The conditions, one by one


@pytest.mark.parametrize("row", ["mutation-E12", "mutation-E17"])
def test_the_nth_event_lifts_a_count(shop, archive, row):
    send(shop, "", level="info")
    archive(ignoreCount=3)
    send(shop, "", level="info")
    send(shop, "", level="info")
    assert is_archived(shop)
    _, (event_id,) = send(shop, "", level="info")
    assert stands(shop) == (Status.UNRESOLVED, Substatus.ESCALATING)
    assert (shop.issue().snooze, shop.issue().priority) == (None, Priority.MEDIUM)
    kind, data = told(shop)
    assert (kind, data["event_id"]) == (ActivityType.SET_ESCALATING, event_id)
    assert data["expired_snooze"] == {
        "until": None,
        "count": 3,
        "window": None,
        "user_count": None,
        "user_window": None,
    }


@pytest.mark.parametrize(
    ("terms", "batches", "nth"),
    [
        # The event before the snooze lies in the window as well.
        pytest.param(EVENTS, [["1"], ["1"]], 0, id="events-across-batches"),
        pytest.param(EVENTS, [["1", "1"]], 1, id="events-in-one-batch"),
        pytest.param(EVENTS, [["1", "1", "1", "1"]], 1, id="events-at-exactly-n"),
        pytest.param(USERS, [["1"], ["2"], ["3"]], 0, id="users-across-batches"),
        pytest.param(USERS, [["0", "1"], ["1", "2", "0"], ["3"]], 0, id="users-that-return"),
        pytest.param(USERS, [["1", "1", "2", "", "3", "4"]], 4, id="users-in-one-batch"),
        pytest.param(USERS_IN_WINDOW, [["1"], ["2"]], 0, id="users-of-a-window-across-batches"),
        pytest.param(USERS_IN_WINDOW, [["0", "1", "1", "2"]], 3, id="users-of-a-window-in-one-batch"),
        pytest.param({**EVENTS, **USERS}, [["1"], ["", ""]], 0, id="whichever-is-first"),
        pytest.param({"ignoreCount": 9, **USERS_IN_WINDOW}, [["1"], ["2"]], 0, id="users-before-a-count"),
        pytest.param({"ignoreCount": 2, **USERS_IN_WINDOW}, [["", ""]], 1, id="a-count-before-users"),
    ],
)
def test_the_event_that_meets_a_condition_brings_the_issue_back(shop, archive, terms, batches, nth):
    archive(**terms)
    for names in batches[:-1]:
        send(shop, *names)
        assert is_archived(shop)
        shop.later(minutes=1)
    result, event_ids = send(shop, *batches[-1])
    assert result.turns[Turn.ESCALATED] == 1
    assert stands(shop) == (Status.UNRESOLVED, Substatus.ESCALATING)
    kind, data = told(shop)
    assert (kind, data["event_id"]) == (ActivityType.SET_ESCALATING, event_ids[nth])


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        pytest.param(EVENTS, ["1"], id="events"),
        pytest.param(USERS, ["0", "1", "2", "2", ""], id="users"),
        pytest.param(USERS_IN_WINDOW, ["0", "1", "", "1"], id="users-of-a-window"),
        pytest.param({"ignoreCount": 5, **USERS, "ignoreWindow": 10}, ["0", "1", "2"], id="several"),
    ],
)
def test_one_less_leaves_it_archived(shop, archive, terms, names):
    archive(**terms)
    send(shop, *names)
    assert stands(shop) == (Status.IGNORED, Substatus.ARCHIVED_UNTIL_CONDITION_MET)
    assert shop.issue().times_seen == 1 + len(names)


def test_a_lifted_issue_waits_for_review_and_is_news(shop, archive):
    archive(**USERS_IN_WINDOW)
    send(shop, "1", "2")
    with shop.state.write() as connection:
        waiting = inbox.waiting(connection, [shop.issue().id])[shop.issue().id]
        news = outbox.claim(connection, ["issue.escalated"], shop.now, lease=timedelta(minutes=1), limit=9)
    assert (waiting.reason, waiting.added_at) == (InboxReason.ESCALATING, shop.now)
    assert [one.payload["issue_id"] for one in news] == [shop.issue().id]


def test_a_snooze_with_a_time_ends_quietly_when_its_users_come(shop, archive):
    archive(ignoreDuration=600, **USERS)
    send(shop, "1", "2", "3")
    assert stands(shop) == (Status.UNRESOLVED, Substatus.ONGOING)
    assert told(shop)[0] is ActivityType.SET_UNRESOLVED


@pytest.mark.parametrize("terms", [EVENTS, USERS_IN_WINDOW], ids=["events", "users"])
def test_windows_roll(shop, archive, terms):
    archive(**terms)
    for name in ("1", "2", "3", "4"):
        shop.later(minutes=31)
        send(shop, name)
        assert is_archived(shop)
    shop.later(minutes=15)
    send(shop, "5")
    assert not is_archived(shop)


def test_late_events_are_in_no_window(shop, archive):
    archive(**EVENTS)
    send(shop, "1", "2", "3", "4", minutes_ago=61)
    assert is_archived(shop)
    send(shop, "1", minutes_ago=59)
    send(shop, "1")
    assert not is_archived(shop)


def test_a_window_that_was_full_before_is_noticed_with_the_next_event(shop, archive):
    send(shop, "1", "2", "3", "4")
    archive(**EVENTS)
    assert is_archived(shop)
    _, (event_id,) = send(shop, "1", minutes_ago=600)
    assert told(shop)[1]["event_id"] == event_id


def test_events_of_other_issues_do_not_count(shop, archive):
    archive(**EVENTS)
    issue_id = shop.issue().id
    for _ in range(5):
        shop.send(fingerprint=["another"])
    with shop.state.read() as connection:
        assert issues.load(connection, [issue_id])[issue_id].status is Status.IGNORED


def test_several_issues_of_a_batch_are_judged_each_by_its_own(shop, archive, by):
    for group in "abc":
        shop.send(fingerprint=[group], user={"id": "0"})
    shop.later(minutes=1)
    triage = Triage(shop.state, shop.history, lambda: "5" * 32)
    for issue, terms in zip(shop.issues(), (EVENTS, USERS_IN_WINDOW, USERS), strict=True):
        triage.carry_out([issue.id], {"status": "ignored", **terms}, by, shop.now)
    shop.later(minutes=1)
    one_each = [shop.accepted(fingerprint=[group], user={"id": name}) for group in "abc" for name in "12"]
    assert shop.write(*one_each).turns == {Turn.SEEN: 3, Turn.ESCALATED: 2}
    assert [issue.status for issue in shop.issues()] == ["unresolved", "unresolved", "ignored"]


# Duplicates, crashes, other workers


def test_an_event_sent_twice_counts_once(shop, archive):
    archive(**EVENTS)
    event = shop.accepted(user={"id": "1"})
    shop.write(event, event)
    shop.write(event)
    assert is_archived(shop)
    send(shop, "1")
    assert not is_archived(shop)


@pytest.mark.parametrize("refusing", ["insert", "rows"])
@pytest.mark.parametrize(
    ("terms", "nth"),
    [
        pytest.param(EVENTS, 1, id="events"),
        pytest.param(USERS, 2, id="users"),
        pytest.param(USERS_IN_WINDOW, 1, id="users-of-a-window"),
    ],
)
def test_a_batch_applied_again_comes_to_the_same(shop, moody, archive, terms, nth, refusing):
    archive(**terms)
    batch = [shop.accepted(user={"id": name}, timestamp=shop.now.timestamp() + int(name)) for name in "123"]
    moody.refusing = {refusing}
    with pytest.raises(Unavailable):
        shop.write(*batch, batch="ab" * 16)
    assert (is_archived(shop), shop.issue().times_seen) == (True, 4)
    moody.refusing = set()
    shop.later(hours=5)
    for turns in ({Turn.ESCALATED: 1}, {}):
        assert shop.write(*batch, batch="ab" * 16).turns == turns
        assert stands(shop) == (Status.UNRESOLVED, Substatus.ESCALATING)
    assert shop.stored_events() == shop.issue().times_seen == 4
    assert told(shop)[1]["event_id"] == batch[nth].event_id


def test_a_batch_applied_again_lifts_nothing_that_holds(shop, moody, archive):
    archive(**EVENTS)
    event = shop.accepted()
    moody.refusing = {"insert"}
    with pytest.raises(Unavailable):
        shop.write(event, batch="ab" * 16)
    moody.refusing = set()
    for _ in range(3):
        shop.write(event, batch="ab" * 16)
    assert is_archived(shop)


@pytest.mark.parametrize("terms", [EVENTS, USERS_IN_WINDOW], ids=["events", "users"])
def test_whoever_comes_last_into_history_lifts(shop, moody, archive, terms):
    """Another worker's batch is in state and not yet in history while ours is judged."""
    archive(**terms)
    theirs = shop.accepted(user={"id": "1"})
    moody.refusing = {"insert"}
    with pytest.raises(Unavailable):
        shop.write(theirs, batch="ab" * 16)
    moody.refusing = set()
    send(shop, "2")
    assert is_archived(shop)
    shop.write(theirs, batch="ab" * 16)
    assert told(shop)[0] is ActivityType.SET_ESCALATING
    assert told(shop)[1]["event_id"] == theirs.event_id


def test_events_on_their_way_when_a_snooze_begins_are_from_before(shop, moody, archive):
    send(shop, "0")
    on_its_way = shop.accepted(user={"id": "1"})
    moody.refusing = {"insert"}
    with pytest.raises(Unavailable):
        shop.write(on_its_way, batch="ab" * 16)
    moody.refusing = set()
    archive(ignoreUserCount=1)
    shop.write(on_its_way, batch="ab" * 16)
    send(shop, "0", "1")
    assert is_archived(shop)
    send(shop, "2")
    assert not is_archived(shop)


def test_digest_goes_on_when_history_cannot_count(shop, moody, archive):
    archive(**EVENTS)
    batch = [shop.accepted(), shop.accepted()]
    moody.refusing = {"rows"}
    with pytest.raises(Unavailable):
        shop.write(*batch, batch="ab" * 16)
    assert shop.write(*batch, batch="ab" * 16).turns == {}
    assert is_archived(shop)
    moody.refusing = set()
    send(shop, "")
    assert not is_archived(shop)


def test_a_snooze_replaced_while_history_was_asked_stays(shop, moody, archive):
    archive(**EVENTS)
    issue = shop.issue()

    class Replacing(MoodyHistory):
        """Somebody archives the issue on other terms while history counts."""

        def rows(self, *question):
            with shop.state.write() as connection:
                locked = issues.load(connection, [issue.id], lock=True)[issue.id]
                snooze = Snooze(count=100, window_minutes=60)
                issues.save(connection, [replace(locked, snooze=snooze)])
            return self.history.rows(*question)

    writer = BatchWriter(shop.state, Replacing(moody.history), shop.blobs, lambda: shop.now)
    writer.write("cd" * 16, shop.digested(shop.accepted(), shop.accepted()))
    assert (is_archived(shop), shop.issue().snooze.count) == (True, 100)


def test_merging_brings_no_new_users(shop, archive):
    for number in range(5):
        shop.send(fingerprint=["child"], user={"id": f"other-{number}"})
    (child,) = shop.issues()
    shop.send(fingerprint=["parent"], user={"id": "0"})
    parent = next(issue for issue in shop.issues() if issue.id != child.id)
    with shop.state.write() as connection:
        began = shop.now + timedelta(minutes=1)
        snooze = Snooze(user_count=2, users_seen_at_start=1, users_counted_from=began)
        issues.save(connection, [replace(parent, status=Status.IGNORED, snooze=snooze)])
        owned = issue_hashes.of_issues(connection, [child.id])
        issue_hashes.link(connection, {(one.project_id, one.hash): parent.id for one in owned})
    shop.later(minutes=2)
    shop.send(fingerprint=["child"], user={"id": "new"})
    assert load(shop, parent.id).status is Status.IGNORED
    shop.send(fingerprint=["parent"], user={"id": "newer"})
    assert load(shop, parent.id).status is Status.UNRESOLVED


def load(shop, issue_id):
    with shop.state.read() as connection:
        return issues.load(connection, [issue_id])[issue_id]


# Archived until escalating


def expected(shop):
    with shop.state.read() as connection:
        found = forecasts.current(connection, [shop.issue().id])
    return found.get(shop.issue().id)


@pytest.fixture
def steady(shop, archive):
    """An issue with 12 events in each of the last 30 hours, archived until it escalates."""
    for _ in range(30):
        send(shop, *[""] * 12)
        shop.later(hours=1)
    archive(**ESCALATING)
    return shop


def test_a_spike_escalates_within_the_hour(steady):
    shop = steady
    send(shop, *[""] * 12)
    assert stands(shop) == (Status.IGNORED, Substatus.ARCHIVED_UNTIL_ESCALATING)
    assert expected(shop).expected == (24,)
    for _ in range(2):
        shop.later(minutes=5)
        last, event_ids = send(shop, *[""] * 10)
    assert stands(shop) == (Status.UNRESOLVED, Substatus.ESCALATING)
    assert last.turns == {Turn.SEEN: 1, Turn.ESCALATED: 1}
    # 12 and 10 events of the hour, and the third of the last ten is the 25th.
    assert told(shop) == (ActivityType.SET_ESCALATING, {"event_id": event_ids[2], "forecast": 24})
    with shop.state.read() as connection:
        assert inbox.waiting(connection, [shop.issue().id])[shop.issue().id].reason is InboxReason.ESCALATING
    assert expected(shop) is None


def test_a_steady_issue_stays_archived(steady):
    for _ in range(30):
        send(steady, *[""] * 12)
        steady.later(hours=1)
    assert is_archived(steady)


def test_a_spike_in_the_first_batch_is_not_part_of_what_was_expected(steady):
    send(steady, *[""] * 120)
    assert stands(steady) == (Status.UNRESOLVED, Substatus.ESCALATING)


def test_a_quiet_issue_may_occur_a_few_times(shop, archive):
    archive(**ESCALATING)
    shop.later(days=3)
    send(shop, "", "")
    assert is_archived(shop)
    send(shop, *[""] * 8)
    assert is_archived(shop)
    send(shop, "")
    assert not is_archived(shop)


def test_a_locked_priority_is_not_raised(shop, archive):
    send(shop, "", level="info")
    with shop.state.write() as connection:
        issues.save(connection, [replace(shop.issue(), priority_locked_at=shop.now)])
    archive(**ESCALATING)
    shop.later(days=1)
    send(shop, *[""] * 50)
    assert stands(shop) == (Status.UNRESOLVED, Substatus.ESCALATING)
    assert shop.issue().priority is Priority.LOW


def test_an_issue_archived_anew_is_measured_anew(shop, archive, by):
    send(shop, "")
    shop.later(days=1)
    archive(**ESCALATING)
    send(shop, "")
    assert expected(shop).expected == (10,)
    triage = Triage(shop.state, shop.history, lambda: "5" * 32)
    triage.carry_out([shop.issue().id], {"status": "unresolved"}, by, shop.now)
    shop.later(hours=2)
    send(shop, *[""] * 100)
    archive(**ESCALATING)
    assert expected(shop) is None
    send(shop, "")
    assert (is_archived(shop), expected(shop).expected) == (True, (200,))


def test_a_forecast_is_made_anew_each_day(steady):
    shop, foresee = steady, Foresee(steady.state, steady.history)
    send(shop, "")
    made = expected(shop)
    assert foresee.run(shop.now + timedelta(days=1)) == 0
    shop.later(days=1, seconds=1)
    assert foresee.run(shop.now) == 1
    assert expected(shop) == replace(made, computed_at=shop.now)
    shop.later(days=7)
    foresee.run(shop.now)
    assert expected(shop).expected == (10,)


def test_a_forecast_that_nobody_needs_is_forgotten(shop, archive, by):
    archive(**ESCALATING)
    send(shop, "")
    triage = Triage(shop.state, shop.history, lambda: "5" * 32)
    triage.carry_out([shop.issue().id], {"status": "resolved"}, by, shop.now)
    foresee = Foresee(shop.state, shop.history)
    assert foresee.run(shop.now + timedelta(days=2)) == 1
    assert expected(shop) is None
    assert foresee.run(shop.now + timedelta(days=4)) == 0


@pytest.mark.parametrize("row", ["mutation-E16"])
def test_an_issue_archived_forever_stays_so_whatever_happens(shop, archive, row):
    archive()
    send(shop, *[str(user) for user in range(100)])
    assert stands(shop) == (Status.IGNORED, Substatus.ARCHIVED_FOREVER)
    assert expected(shop) is None
