"""Pages of issues: the rows of spec/search.md 7.5, by both plans."""

from datetime import timedelta

import pytest

from tocsin.domain.issue.issue import Status

PLANS = pytest.mark.parametrize("query", ["", "platform:python"], ids=["state", "history"])


def fill(world, ages, *, project=None):
    """Make an issue for each age in seconds; they are named by letters, in the order of their ids."""
    for number, seconds in enumerate(ages):
        letter = chr(ord("A") + number)
        world.send(world.event(letter, timedelta(seconds=seconds), project))
        world.name(**{letter: letter})


def turned(world, page):
    names = {issue_id: name for name, issue_id in world.named.items()}
    return "".join(names[row.issue.id] for row in page.rows)


def follow(world, query, step, **parameters):
    return world.page(query, cursor=str(step.cursor), **parameters)


@PLANS
def test_pages_lead_on_and_back(world, query):
    fill(world, [50, 40, 30, 20, 10])
    first = world.page(query, limit=2)
    assert (turned(world, first), first.hits, first.previous.has_results, first.next.has_results) == (
        "ED", 5, False, True,
    )  # fmt: skip
    second = follow(world, query, first.next, limit=2)
    assert (turned(world, second), second.previous.has_results, second.next.has_results) == ("CB", True, True)
    third = follow(world, query, second.next, limit=2)
    assert (turned(world, third), third.next.has_results, third.hits) == ("A", False, 5)
    past = follow(world, query, third.next, limit=2)
    assert (turned(world, past), past.previous.has_results, past.next.has_results) == ("", True, False)
    assert turned(world, follow(world, query, third.previous, limit=2)) == "CB"
    assert turned(world, follow(world, query, second.previous, limit=2)) == "ED"
    assert turned(world, follow(world, query, first.previous, limit=2)) == ""


@PLANS
def test_new_events_neither_shift_nor_repeat_a_page(world, query):
    fill(world, [50, 40, 30, 20, 10])
    first = world.page(query, limit=2)
    world.send(world.event("F", timedelta(0)))
    world.name(F="F")
    assert turned(world, follow(world, query, first.next, limit=2)) == "CB"
    later = world.now + timedelta(seconds=1)
    assert turned(world, world.page(query, later, cursor=str(first.previous.cursor), limit=2)) == "F"


@PLANS
@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_issues_of_the_same_second_stand_by_id(world, query, limit):
    # All but the first and the last fall into one second, in which the clock contradicts the ids.
    fill(world, [30, 20.1, 20.2, 20.3, 20.4, 20.5, 10])
    seen, page = "", world.page(query, limit=limit)
    while True:
        seen += turned(world, page)
        if not page.next.has_results:
            break
        page = follow(world, query, page.next, limit=limit)
    assert seen == "GFEDCBA"
    back = turned(world, page)
    while page.previous.has_results and page.rows:
        page = follow(world, query, page.previous, limit=limit)
        back = turned(world, page) + back
    assert back == "GFEDCBA"


@PLANS
def test_both_plans_give_the_same_cursors(world, query):
    fill(world, [20.1, 20.2, 20.3, 10])
    page = world.page(query, limit=2)
    seconds = int(world.now.timestamp()) - 21
    assert (str(page.previous.cursor), str(page.next.cursor)) == (
        f"{(seconds + 11) * 1000}:0:1",
        f"{seconds * 1000}:1:0",
    )


@pytest.mark.parametrize("sort", ["date", "new", "freq", "user", "trends", "recommended"])
def test_every_order_can_be_followed_to_its_end(world, sort):
    fill(world, [50, 40, 40, 40, 10])
    whole = turned(world, world.page(sort=sort))
    seen, page = "", world.page(sort=sort, limit=2)
    while page.next.has_results:
        seen += turned(world, page)
        page = follow(world, "", page.next, sort=sort, limit=2)
    assert seen + turned(world, page) == whole
    assert sorted(whole) == list("ABCDE")


@PLANS
def test_the_last_page_can_be_asked_for_backwards(world, query):
    fill(world, [50, 40, 30])
    assert turned(world, world.page(query, cursor="0:0:1", limit=2)) == "BA"


@PLANS
def test_cursors_from_other_times_are_harmless(world, query):
    fill(world, [50, 40, 30])
    for cursor in ("9007199254740990:0:0", "9007199254740990:0:1", "-5:0:0", "-5:0:1", "1:1000:0", "1:-7:0"):
        assert set(turned(world, world.page(query, cursor=cursor))) <= set("ABC")


@PLANS
@pytest.mark.parametrize("row", ["search-P17"])
def test_nothing_found_is_a_page_too(world, query, row):
    page = world.page(query)
    assert (list(page.rows), page.hits, page.previous.has_results, page.next.has_results) == ([], 0, False, False)


@pytest.mark.parametrize("row", ["search-K62"])
@PLANS
def test_issues_being_deleted_or_merged_away_are_gone(world, query, row):
    fill(world, [50, 40, 30, 20])
    world.change("A", status=Status.PENDING_DELETION)
    world.change("B", status=Status.DELETION_IN_PROGRESS)
    world.change("C", status=Status.PENDING_MERGE)
    assert turned(world, world.page(query)) == "D"
