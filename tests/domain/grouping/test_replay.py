"""What rules would change, said before they are saved."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.grouping.test_grouping_properties import EVENTS

from tocsin.domain.event.event import EventId
from tocsin.domain.grouping import CONFIGS, LATEST, OLDEST, ProjectGrouping
from tocsin.domain.grouping.replay import LISTED_MAX, Regrouped, Replayed, assigned, regrouped, verdict

PROJECTS = [
    ProjectGrouping(),
    ProjectGrouping(config=OLDEST),
    ProjectGrouping(
        fingerprinting="level:error type:*a* -> {{ default }}, {{ function }}", enhancements="function:f ^-group"
    ),
]
HASHES = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=2, unique=True).map(tuple)


def replayed(number, issue_id, before, after, title=None):
    return Replayed(
        event_id=EventId(f"{number:032x}"),
        issue_id=issue_id,
        title=f"event {number}",
        hashes=Regrouped(tuple(before), tuple(after), title),
    )


def of(*rows):
    return [replayed(number, *row) for number, row in enumerate(rows)]


PAYLOADS = EVENTS.map(json.dumps).filter(lambda text: "Infinity" not in text and "NaN" not in text).map(str.encode)


@given(
    st.lists(st.tuples(PAYLOADS, st.integers(1, 3)), max_size=6),
    st.sampled_from(PROJECTS),
)
def test_unchanged_rules_change_nothing(events, rules):
    told = verdict(
        [
            Replayed(
                event_id=EventId(f"{number:032x}"),
                issue_id=issue,
                title="",
                hashes=regrouped(payload, rules, rules),
            )
            for number, (payload, issue) in enumerate(events)
        ],
        wanted=100,
    )
    assert (told.events, told.splits, told.merges) == (len(events), (), ())
    assert told.stay == told.issues == len({issue for _, issue in events})


@given(st.lists(st.tuples(HASHES, HASHES), max_size=12))
def test_the_verdict_is_what_two_empty_projects_would_show(rows):
    before = assigned(before for before, _ in rows)
    after = assigned(after for _, after in rows)
    told = verdict(of(*((number + 1, *row) for number, row in zip(before, rows, strict=True))), wanted=100)
    new_of, old_of = {}, {}
    for old, new in zip(before, after, strict=True):
        new_of.setdefault(old, set()).add(new)
        old_of.setdefault(new, set()).add(old)
    split = {str(old + 1): len(new) for old, new in new_of.items() if len(new) > 1}
    assert {one.issue_id: one.into for one in told.splits} == split
    merged = [{str(old + 1) for old in olds} for olds in old_of.values() if len(olds) > 1]
    assert sorted(sorted(part.issue_id for part in one.issues) for one in told.merges) == sorted(map(sorted, merged))
    assert told.stay == told.issues - len(split.keys() | {old for olds in merged for old in olds})


def test_an_issue_that_splits_shows_its_pieces_with_samples():
    told = verdict(
        of((7, "a", "a"), (7, "a", "b"), (7, "a", "b", "New title"), (8, "z", "z")), wanted=10, out_of_time=True
    )
    (split,) = told.splits
    assert (split.issue_id, split.title, split.events, split.into) == ("7", "event 2", 3, 2)
    assert [(piece.events, piece.title) for piece in split.pieces] == [(2, "New title"), (1, "event 0")]
    assert split.pieces[0].samples == (f"{2:032x}", f"{1:032x}")
    assert (told.issues, told.stay, told.out_of_time, told.wanted) == (2, 1, True, 10)


def test_issues_that_merge_are_named_together():
    told = verdict(of((7, "a", "c"), (8, "b", "c"), (8, "b", "c"), (9, "z", "z")), wanted=10)
    (merge,) = told.merges
    assert [(part.issue_id, part.events) for part in merge.issues] == [("8", 2), ("7", 1)]
    assert (merge.count, merge.into.events, told.stay) == (2, 3, 1)


def test_an_issue_merged_by_hand_is_no_split():
    told = verdict(of((7, "a", "a"), (7, "b", "b"), (8, "c", "d"), (8, "c", "e")), wanted=10)
    assert [(one.issue_id, one.into) for one in told.splits] == [("8", 2)]


def test_what_is_listed_is_bounded_and_all_is_counted():
    rows = [(number // 2, f"x{number // 2}", f"y{number}") for number in range(4 * LISTED_MAX)]
    told = verdict([replayed(number, issue, (a,), (b,)) for number, (issue, a, b) in enumerate(rows)], wanted=10)
    assert (told.split, len(told.splits)) == (2 * LISTED_MAX, LISTED_MAX)


@pytest.mark.parametrize("config", sorted(CONFIGS))
def test_a_stored_event_is_grouped_as_it_was_when_it_came(config):
    frames = [{"function": "f", "in_app": True}, {"function": "g", "in_app": False, "data": {"orig_in_app": 1}}]
    event = {"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}}
    now = ProjectGrouping(config=config)
    kept = regrouped(json.dumps(event).encode(), now, ProjectGrouping(config=config, enhancements="function:g -app"))
    other = LATEST if config == OLDEST else OLDEST
    assert kept.before != kept.after
    assert regrouped(json.dumps(event).encode(), now, ProjectGrouping(config=other)).before == kept.before


def test_a_verdict_reads_as_lines():
    told = verdict(of((7, "a", "c"), (7, "a", "d"), (8, "b", "c")), wanted=10, out_of_time=True)
    assert told.lines() == [
        "Looked at 3 of the newest 10 events; there was no time for more: 2 issues.",
        "0 would stay, 1 would split, 1 would come of several.",
        "Issue 7, event 1, would split into 2:",
        f"    1 events: event 0 (such as {0:032x})",
        f"    1 events: event 1 (such as {1:032x})",
        "2 issues would give events to event 2:",
        "    1 events of issue 7: event 1",
        "    1 events of issue 8: event 2",
    ]
