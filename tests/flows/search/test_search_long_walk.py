"""A list of ten thousand issues is walked from page to page while events arrive and issues change.

Cursors count rows of equal score (spec/search.md 4.3), so only what enters or leaves the very score that a cursor
stands at could shift it; such changes are left out. What moves may be missed, but nothing is shown twice.
"""

from datetime import timedelta

import msgspec
import pytest
from tests.flows.search.conftest import NOW

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import UNSAVED, InboxReason, Issue, Status
from tocsin.storage.state import issue_hashes, issues, projects
from tocsin.storage.state.tables import inbox as inbox_table

ISSUES = 10_000
LIMIT = 500
FREQUENCIES, PEOPLE = 7, 3
SECOND = timedelta(seconds=1)
IN_INBOX = "is:unresolved is:for_review"


class Scores(msgspec.Struct):
    """How often and by how many an issue was seen."""

    events: int
    users: int


def hash_of(number):
    return GroupingHash(f"{number:032x}")


def last_seen(number):
    return NOW - (20 * number + 60) * SECOND


@pytest.fixture(scope="module")
def crowd(module_world):
    """Ten thousand issues, no two of them last seen, first seen or put up for review at the same time."""
    world = module_world
    project_id = world.pump.id
    world.history.command(
        "INSERT INTO event (project_id, primary_hash, hashes, event_id, timestamp, received, digested_at, user, handled)"
        f" SELECT {project_id}, hash, [hash], toFixedString(unhex(hex(MD5(toString(number)))), 16), seen, seen, seen,"
        f" concat('id:', toString(issue), '-', toString(least(place, issue % {PEOPLE}))), true"
        f" FROM (SELECT number, intDiv(number, {FREQUENCIES}) AS issue, number % {FREQUENCIES} AS place,"
        " toFixedString(unhex(leftPad(lower(hex(toUInt32(issue))), 32, '0')), 16) AS hash,"
        f" toDateTime64('{NOW:%Y-%m-%d %H:%M:%S}', 6, 'UTC') - toIntervalSecond(20 * issue + 60 + 3600 * place) AS seen"
        f" FROM numbers({ISSUES * FREQUENCIES}) WHERE number % {FREQUENCIES} <= intDiv(number, {FREQUENCIES})"
        f" % {FREQUENCIES})"
    )
    with world.state.write() as connection:
        projects.take_issue_numbers(connection, project_id, ISSUES)
        ids = issues.create(connection, [_issue(project_id, number) for number in range(ISSUES)])
        owned = {(project_id, hash_of(number)): issue_id for number, issue_id in enumerate(ids)}
        issue_hashes.claim(connection, owned)
        issue_hashes.link(connection, owned)
        put_up = [{"issue_id": one, "reason": InboxReason.NEW, "added_at": last_seen(n)} for n, one in enumerate(ids)]
        connection.execute(inbox_table.insert(), put_up)
    scores = {
        issue_id: Scores(number % FREQUENCIES + 1, min(number % FREQUENCIES, number % PEOPLE) + 1)
        for number, issue_id in enumerate(ids)
    }
    return world, dict(enumerate(ids)), scores


def _issue(project_id, number):
    seen = last_seen(number)
    events = number % FREQUENCIES + 1
    first = seen - (events - 1) * timedelta(hours=1)
    return Issue(
        id=UNSAVED, project_id=project_id, number=number + 1, level="error", platform="python", type="error",
        title=f"issue {number}", metadata={}, first_seen=first, last_seen=seen, active_at=first, times_seen=events,
    )  # fmt: skip


class Traffic:
    """What happens between two pages."""

    def __init__(self, crowd, sort):
        self.world, self.numbers, self.scores = crowd
        self.sort = sort
        self.moved = set()
        self.turn = 0

    def go_on(self, at):
        """Let events of old and new issues arrive and issues be resolved, none with a score next to *at*."""
        self.turn += 1
        spread = [self.numbers[(self.turn * 997 + step * 1709) % ISSUES] for step in range(12)]
        noisy, done = spread[:8], [one for one in spread[8:] if self._score(one) != at]
        noisy = [one for one in noisy if self._score(one) not in {at, at - 1}]
        self._arrive(noisy, is_new=self.sort not in {"freq", "user"} or at > 1)
        with self.world.state.write() as connection:
            loaded = issues.load(connection, done, lock=True).values()
            resolved = [msgspec.structs.replace(one, status=Status.RESOLVED, substatus=None) for one in loaded]
            issues.save(connection, resolved)
        self.moved |= {*noisy, *done}

    def _score(self, issue_id):
        known = self.scores[issue_id]
        return {"freq": known.events, "user": known.users}.get(self.sort)

    def _arrive(self, noisy, *, is_new):
        world, by_id = self.world, {issue_id: number for number, issue_id in self.numbers.items()}
        ago = timedelta(seconds=30) - self.turn * timedelta(milliseconds=100)
        events = [
            world.event("", ago, hashes=(hash_of(by_id[one]),), user=f"id:{self.sort}{self.turn}") for one in noisy
        ]
        if is_new:
            events.append(world.event(f"{self.sort}{self.turn}", ago, user="id:new"))
        world.send(*events)
        for one in set(noisy):
            self.scores[one] = Scores(self.scores[one].events + noisy.count(one), self.scores[one].users + 1)


@pytest.mark.parametrize("sort", ["date", "new", "freq", "user", "trends", "recommended", "inbox"])
def test_a_long_list_shows_everything_that_stays_once(crowd, sort):
    world, traffic = crowd[0], Traffic(crowd, sort)
    query = IN_INBOX if sort == "inbox" else "is:unresolved"
    before = set(world.search.ids(world.asked(query, limit=LIMIT), NOW))
    seen, page = [], world.page(query, sort=sort, limit=LIMIT)
    while True:
        seen += [row.issue.id for row in page.rows]
        if not page.next.has_results:
            break
        traffic.go_on(page.next.cursor.value)
        page = world.page(query, sort=sort, limit=LIMIT, cursor=str(page.next.cursor))
    assert len(seen) == len(set(seen))
    assert before - traffic.moved <= set(seen)
    assert len(before) > ISSUES * 0.9
