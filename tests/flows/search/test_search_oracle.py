"""The flow and a search that looks at every event, one by one, find the same."""

import os
import re
from itertools import cycle, pairwise
from math import isclose

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.flows.search.conftest import NOW
from tests.flows.search.naive import naive_figures, naive_page, naive_search
from tests.flows.search.random_worlds import made, recipes

from tocsin.domain.query.paging import parse_cursor
from tocsin.flows.search import Search
from tocsin.flows.search.counted import Limits

WORLDS = int(os.environ.get("ORACLE_EXAMPLES", "10"))
"""Worlds to make on each engine; ``make oracle`` makes thousands."""
SEARCHES = 10
"""In each world."""

UNCHECKED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

WAYS = {
    "as with few": Limits(),
    "as with many": Limits(named_issues_max=0, named_hashes_max=0, events_at_once=1),
    "as with many events of few hashes": Limits(named_issues_max=0, events_at_once=20),
}
"""Limits with which it goes about a search in one way or another, whatever the size of the world."""

FRACTIONS = {"trends", "recommended"}
"""Orders whose scores are no whole numbers: no two sums of those are alike to the last digit."""
TOLERANCE = 1e-9

CONDITIONS = """
is:unresolved | !is:unresolved | is:resolved | is:ignored | is:new | !is:ongoing | is:archived_until_condition_met
is:for_review | !is:for_review | is:assigned | is:unassigned | !assigned:me | assigned:[me, none] | assigned:my_teams
assigned_or_suggested:me | status:[resolved, ignored] | status:[unresolved, ignored] | issue.priority:high
firstSeen:-24h | age:+2d | age:-3h | firstSeen:>2026-11-10 | firstRelease:app@1.0.0 | has:firstRelease
!firstRelease:[app@1.0.0, app@1.1.0] | level:error | !level:error | level:[error, fatal] | browser:x | !browser:x
browser:* os:y | has:os | !has:os | a | PUMP | "50%_full" | *mp*fail | title:a | !title:*mp* | browser.name:x
has:browser.name | !has:browser.name | browser.name:chrom* | !browser.name:*m* | browser.name:[x, Chrome]
tags["odd:key"]:x | environment:production | environment:[production, staging] | !environment:""
release:[app@1.0.0, app@1.1.0] | release:*1.0* | has:release | release.version:>1.0.0 | !user:id:1 | user:id:*
user.id:1 | !user.id:[1, 2] | has:user.id | has:user | error.type:ValueError | !error.type:KeyError | error.type:*key*
error.handled:false | error.unhandled:0 | timesSeen:>1 | !timesSeen:[1, 2] | timesSeen:<=2 | timesSeen:>=15
lastSeen:-24h | lastSeen:+24h | lastSeen:<2026-11-10T11:00:00 | lastSeen:>2026-11-09T12:00:00
timestamp:-24h | timestamp:+1d | timestamp:>=2026-11-09T11:00:00
"""
PERIODS = (
    *[{}] * 3,
    *[{"stats_period": "24h"}] * 2,
    {"stats_period": "14d"},
    {"stats_period": "5s"},
    {"start": "2026-11-07T00:00:00", "end": "2026-11-10T11:59:57"},
    {"start": "2026-09-20T00:00:00", "end": "2026-11-10T11:00:00"},
)
conditions = st.sampled_from(re.split(r" [|] |\n", CONDITIONS.strip()))
queries = st.sampled_from([0, 0, 1, 1, 1, 1, 2, 2, 3]).flatmap(
    lambda terms: st.lists(conditions, min_size=terms, max_size=terms).map(" ".join)
)
reviews = st.sampled_from(
    ["is:unresolved is:for_review", "is:for_review is:unresolved assigned_or_suggested:[me, none]"]
)
orders = st.sampled_from([*["date", "new", "freq", "user", "trends", "recommended"] * 3, "inbox"])


@st.composite
def searches(draw):
    sort = draw(orders)
    search = {
        "sort": sort,
        "query": draw(reviews if sort == "inbox" else queries),
        "environments": draw(
            st.sampled_from([*[None] * 4, ("production",), ("", "staging"), ("production", "staging")])
        ),
        "projects": draw(st.sampled_from([(0, 1), (0, 1), (0, 1), (0,), (1,)])),
        "every": draw(st.sampled_from([*[None] * 9, 2])),
        "group_stats": draw(st.sampled_from(["", "24h", "14d", "auto"])),
    }
    return {
        "search": search | draw(st.sampled_from(PERIODS)),
        "way": draw(st.sampled_from(sorted(WAYS))),
        "limits": draw(st.sampled_from([*[None] * 9, (2, 3), (1, 4), (3, 5)])),
        "beside": draw(st.sampled_from(["count", "ids", "figures"])),
    }


# Of a failure, Hypothesis looks for the smallest case for five minutes.
@pytest.mark.timeout(600 + 3 * WORLDS)
@settings(max_examples=WORLDS, report_multiple_bugs=False, suppress_health_check=UNCHECKED)
@given(recipe=recipes, asked=st.lists(searches(), min_size=SEARCHES, max_size=SEARCHES))
def test_the_flow_finds_what_looking_at_every_event_finds(each_world, recipe, asked):
    world = made(each_world, recipe)
    note(f"made {recipe}")
    # As in a process, what was counted for one search is remembered in the next.
    flows = {way: Search(each_world.state, each_world.history, limits) for way, limits in WAYS.items()}
    for one in asked:
        note(f"asked {one}")
        wanted = _wanted(each_world, world, one["search"])
        flow = flows[one["way"]]
        expected = naive_search(world.known, wanted)
        if one["limits"] is None:
            _look(flow, wanted, expected)
        else:
            _walk(flow, wanted, expected, cycle(one["limits"]))
        match one["beside"]:
            case "count":
                assert flow.count(wanted, NOW) == len(expected)
            case "ids":
                assert sorted(flow.ids(wanted, NOW)) == sorted(found.row.issue.id for found in expected)
            case "figures":
                figured = flow.figured([known.issue for known in world.known], wanted, NOW)
                _compare_figures(figured, naive_figures(world.known, wanted))


def _wanted(each_world, world, search):
    parameters = dict(search)
    query, every = parameters.pop("query"), parameters.pop("every")
    parameters["projects"] = tuple(world.projects[index] for index in parameters["projects"])
    if every is not None:
        parameters["issue_ids"] = tuple(one.issue.id for one in world.known[::every])
    return each_world.asked(query, **parameters)


def _look(flow, wanted, expected):
    """Compare the one page that holds all."""
    page = flow.issues(wanted, NOW)
    _compare_rows(page.rows, expected, wanted.sort)
    _compare_page(page, expected, wanted)


def _walk(flow, wanted, expected, limits):
    """Compare what the pages have together, on the way to the end and on the way back."""
    pages = [_page(flow, wanted, expected, next(limits))]
    while pages[-1].next.has_results:
        assert len(pages) <= len(expected)
        pages.append(_page(flow, wanted, expected, next(limits), pages[-1].next.cursor))
    shown = [row for page in pages for row in page.rows]
    _compare_rows(shown, expected, wanted.sort)
    back = [pages[-1]]
    while back[-1].rows:
        assert len(back) <= len(expected) + 1
        back.append(_page(flow, wanted, expected, next(limits), back[-1].previous.cursor))
    again = [row for page in reversed(back) for row in page.rows]
    assert again == shown[len(shown) - len(again) :]
    assert len(again) == len(shown) or back[-1].rows


def _page(flow, wanted, expected, limit, cursor=None):
    # As a client sends it back.
    cursor = None if cursor is None else parse_cursor(str(cursor))
    wanted = replace(wanted, limit=limit, cursor=cursor)
    page = flow.issues(wanted, NOW)
    assert len(page.rows) <= limit
    _compare_page(page, expected, wanted)
    return page


def _compare_page(page, expected, wanted):
    right = naive_page(expected, wanted.cursor, wanted.limit)
    assert page.hits == right.hits
    if wanted.sort in FRACTIONS:
        _compare_edges(page, {found.row.issue.id: found.score for found in expected})
        return
    assert [row.issue.id for row in page.rows] == [row.issue.id for row in right.rows]
    assert (page.previous, page.next) == (right.previous, right.next)


def _compare_edges(page, scores):
    """Compare the scores of which the cursors tell."""
    if page.rows:
        assert isclose(page.previous.cursor.value, scores[page.rows[0].issue.id], rel_tol=TOLERANCE)
    if page.rows and not page.next.has_results:
        assert isclose(page.next.cursor.value, scores[page.rows[-1].issue.id], rel_tol=TOLERANCE)


def _compare_rows(rows, expected, sort):
    """Compare whole lists; issues whose fractions are alike may stand in either order."""
    right = {found.row.issue.id: found for found in expected}
    assert sorted(row.issue.id for row in rows) == sorted(right)
    _compare_figures(rows, [right[row.issue.id].row for row in rows])
    for above, below in pairwise(right[row.issue.id].rank for row in rows):
        is_tie = sort in FRACTIONS and isclose(above[0], below[0], rel_tol=TOLERANCE)
        assert is_tie or above > below


def _compare_figures(rows, expected):
    assert [_differences(row, right) for row, right in zip(rows, expected, strict=True)] == [{}] * len(rows)


def _differences(row, right):
    pairs = {name: (getattr(row, name), getattr(right, name)) for name in row.__struct_fields__}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
