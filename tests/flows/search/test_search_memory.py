"""What is remembered of issues is what would be counted again."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.flows.search.conftest import DAY, HOUR, NOW

from tocsin.domain.query.window import daily_grid, hourly_grid
from tocsin.flows.search.memory import Memory
from tocsin.storage.history.figures import Figures, Wanted
from tocsin.storage.history.filters import NEVER
from tocsin.storage.history.scope import IssueScope, Selection
from tocsin.storage.history.seen import Seen

SCOPE = IssueScope(1, (("a" * 32, None),))
WANTED = Wanted(selection=Selection(start=NOW - 90 * DAY), grid=hourly_grid(NOW))
FIGURES = Figures(
    users_ever=2, selected=Seen(events=3, users=2, first=NOW - 2 * HOUR, last=NOW - HOUR), series=(*range(23), 3)
)


@pytest.fixture
def issue(world):
    world.send(*(world.event("A", ago) for ago in (HOUR, 2 * HOUR, 2 * HOUR)))
    world.name(A="A")
    return world.issue("A")


@pytest.fixture
def memory(issue):
    memory = Memory(issues_max=2)
    memory.keep(issue, SCOPE, WANTED, FIGURES)
    return memory


def test_an_issue_without_a_new_event_is_remembered(memory, issue):
    assert memory.recall(issue, SCOPE, WANTED) == FIGURES


def test_as_time_goes_on_hours_without_events_are_added(memory, issue):
    later = replace(WANTED, grid=hourly_grid(NOW + 5 * HOUR))
    assert memory.recall(issue, SCOPE, later).series == (*FIGURES.series[5:], 0, 0, 0, 0, 0)
    much_later = replace(WANTED, grid=hourly_grid(NOW + 30 * HOUR))
    assert memory.recall(issue, SCOPE, much_later).series == (0,) * 24


@pytest.mark.parametrize(
    "wanted",
    [
        replace(WANTED, where=NEVER),
        replace(WANTED, grid=daily_grid(NOW, 14)),
        replace(WANTED, grid=hourly_grid(NOW - HOUR)),
        replace(WANTED, selection=Selection(start=NOW - HOUR)),
        replace(WANTED, selection=Selection(start=NOW - 90 * DAY, end=NOW)),
        replace(WANTED, selection=Selection(start=NOW - 90 * DAY, environments=("production",))),
    ],
    ids=[
        "a filter",
        "other intervals",
        "an earlier time",
        "a window that begins later",
        "one that is over",
        "one place",
    ],
)
def test_another_question_is_not_answered_from_memory(memory, issue, wanted):
    assert memory.recall(issue, SCOPE, wanted) is None


def test_events_after_the_intervals_that_were_counted_are_not_forgotten(memory, issue):
    ahead = replace(FIGURES, selected=replace(FIGURES.selected, last=NOW + HOUR))
    memory.keep(issue, SCOPE, WANTED, ahead)
    assert memory.recall(issue, SCOPE, WANTED) is None
    assert memory.recall(issue, SCOPE, replace(WANTED, grid=None)) is not None


def test_a_new_event_or_another_hash_makes_what_was_counted_void(memory, issue):
    assert memory.recall(replace(issue, times_seen=4), SCOPE, WANTED) is None
    assert memory.recall(issue, IssueScope(1, (*SCOPE.hashes, ("b" * 32, None))), WANTED) is None


def test_figures_that_lack_an_event_on_its_way_are_not_kept(memory, issue):
    seen_again = replace(issue, times_seen=4)
    memory.keep(seen_again, SCOPE, WANTED, FIGURES)
    assert memory.recall(seen_again, SCOPE, WANTED) is None


def test_those_not_asked_for_longest_are_forgotten(memory, issue):
    others = [replace(issue, id=issue.id + nth) for nth in (1, 2)]
    memory.keep(others[0], SCOPE, WANTED, FIGURES)
    assert memory.recall(issue, SCOPE, WANTED) is not None
    memory.keep(others[1], SCOPE, WANTED, FIGURES)
    assert memory.recall(others[0], SCOPE, WANTED) is None
    assert memory.recall(issue, SCOPE, WANTED) is not None


def test_a_list_shows_what_came_since_it_was_shown(world, issue):
    assert world.numbers("A").count == 3
    assert world.numbers("A").count == 3
    world.send(world.event("A", timedelta(seconds=5), user="id:9", handled=False))
    found = world.numbers("A")
    assert (found.count, found.user_count, found.is_unhandled, sum(count for _, count in found.series)) == (
        4,
        1,
        True,
        4,
    )
