from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.event.event import Event, EventId, GroupingHash
from tocsin.domain.issue.issue import UNSAVED, InboxReason, Priority, ProjectId, Status, Substatus
from tocsin.domain.issue.observe import Context, Turn, observe, observe_all, open_issue
from tocsin.domain.issue.sighting import sighting_of


@pytest.fixture
def context(now):
    return Context(now=now, project_id=ProjectId(1))


@pytest.mark.parametrize("row", ["ingest-G01"])
def test_the_first_event_opens_an_issue(row, sighting_with, context, now):
    opened = open_issue([sighting_with(release="1.0")], context, number=1)
    issue = opened.issue
    assert (opened.turn, opened.inbox_reason, opened.activities) == (Turn.CREATED, InboxReason.NEW, ())
    assert (issue.id, issue.project_id, issue.number) == (UNSAVED, 1, 1)
    assert (issue.status, issue.substatus, issue.times_seen) == (Status.UNRESOLVED, Substatus.NEW, 1)
    assert issue.first_seen == issue.last_seen == issue.active_at == now
    assert (issue.first_release, issue.last_release) == ("1.0", "1.0")


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        ("fatal", Priority.HIGH),
        ("error", Priority.HIGH),
        ("warning", Priority.MEDIUM),
        ("info", Priority.LOW),
        ("debug", Priority.LOW),
    ],
)
def test_the_level_sets_the_first_priority(sighting_with, context, level, priority):
    assert open_issue([sighting_with(level=level)], context, number=1).issue.priority is priority


def test_a_new_issue_made_of_many_events_starts_with_the_earliest(sighting_with, context, now):
    early = sighting_with(timestamp=now - timedelta(minutes=5), release="1", title="Early: x")
    late = sighting_with(timestamp=now, release="2", title="Late: x")
    issue = open_issue([late, early], context, number=3).issue
    assert (issue.first_seen, issue.last_seen, issue.times_seen) == (early.timestamp, now, 2)
    assert (issue.first_release, issue.last_release, issue.title) == ("1", "2", "Late: x")


@pytest.mark.parametrize("row", ["ingest-G05"])
def test_counts_and_bounds_follow_even_older_events(row, issue_with, sighting_with, context, now):
    issue = issue_with()
    old = now - timedelta(days=30)
    seen = observe(issue, sighting_with(timestamp=old), context).issue
    assert (seen.times_seen, seen.first_seen, seen.last_seen) == (2, old, issue.last_seen)
    seen = observe(seen, sighting_with(timestamp=now), context).issue
    assert (seen.times_seen, seen.first_seen, seen.last_seen) == (3, old, now)


@pytest.mark.parametrize("row", ["ingest-G07"])
def test_text_follows_a_later_event(row, issue_with, sighting_with, context):
    later = sighting_with(
        title="KeyError: x",
        metadata={"type": "KeyError"},
        culprit="f",
        level="fatal",
        message="KeyError x",
        release="2",
    )
    seen = observe(issue_with(culprit="old"), later, context)
    assert seen.turn is Turn.SEEN
    assert (seen.issue.title, seen.issue.metadata) == ("KeyError: x", {"type": "KeyError"})
    assert (seen.issue.culprit, seen.issue.level, seen.issue.message) == ("f", "fatal", "KeyError x")
    assert (seen.issue.first_release, seen.issue.last_release) == ("2", "2")


def test_text_does_not_follow_a_late_arrival(issue_with, sighting_with, context, now):
    issue = issue_with(culprit="g", last_release="2", first_release="1")
    late = sighting_with(timestamp=now - timedelta(hours=2), title="Old: x", culprit="f", level="info", release="1")
    seen = observe(issue, late, context).issue
    assert (seen.title, seen.culprit, seen.level, seen.last_release) == (issue.title, "g", "error", "2")


@pytest.mark.parametrize("row", ["ingest-G08"])
@pytest.mark.parametrize("placeholder", ["", "<unlabeled event>", "<untitled>"])
def test_a_title_that_says_nothing_never_overwrites_one_that_does(row, issue_with, sighting_with, context, placeholder):
    issue = issue_with()
    seen = observe(
        issue, sighting_with(title=placeholder, metadata={"title": placeholder}, level="info"), context
    ).issue
    assert (seen.title, seen.metadata, seen.level) == (issue.title, issue.metadata, "info")


def test_a_real_title_replaces_a_placeholder_even_when_it_comes_late(issue_with, sighting_with, context, now):
    issue = issue_with(title="<unlabeled event>")
    late = sighting_with(title="KeyError: x", timestamp=now - timedelta(hours=3))
    assert observe(issue, late, context).issue.title == "KeyError: x"


def test_an_event_without_a_release_leaves_the_last_one(issue_with, sighting_with, context):
    assert observe(issue_with(last_release="1"), sighting_with(), context).issue.last_release == "1"


def test_a_sighting_is_the_part_of_an_event_an_issue_cares_about(now):
    event = Event(
        project_id=1,
        event_id=EventId("a" * 32),
        timestamp=now,
        received=now,
        type="error",
        level="fatal",
        platform="go",
        logger="root",
        title="T: v",
        culprit="c",
        message="T v c",
        metadata={"type": "T"},
        release="1",
        tags=(),
        hashes=(GroupingHash("0" * 32),),
        payload=b"{}",
    )
    sighting = sighting_of(event)
    for field in sighting.__struct_fields__:
        assert getattr(sighting, field) == getattr(event, field)


_OFFSETS = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(["A: x", "B: y", "<untitled>"]), st.sampled_from(["", "1", "2"])),
    min_size=1,
    max_size=20,
    unique_by=lambda drawn: drawn[0],
)


@given(drawn=_OFFSETS, data=st.data())
def test_a_batch_comes_to_the_same_in_any_order_and_one_by_one(drawn, data, issue_with, sighting_with, now):
    context = Context(now=now, project_id=ProjectId(1))
    issue = issue_with(last_seen=now - timedelta(seconds=5_000))
    sightings = [
        sighting_with(timestamp=now - timedelta(seconds=ago), title=title, release=release)
        for ago, title, release in drawn
    ]
    together = observe_all(issue, sightings, context).issue
    assert observe_all(issue, data.draw(st.permutations(sightings)), context).issue == together
    one_by_one = issue
    for sighting in sorted(sightings, key=lambda sighting: sighting.timestamp):
        one_by_one = observe(one_by_one, sighting, context).issue
    assert one_by_one == together


@given(drawn=_OFFSETS, data=st.data())
def test_counts_and_bounds_do_not_depend_on_the_order_of_arrival(drawn, data, issue_with, sighting_with, now):
    context = Context(now=now, project_id=ProjectId(1))
    sightings = [sighting_with(timestamp=now - timedelta(seconds=ago), title=title) for ago, title, _ in drawn]
    bounds = set()
    for arrival in (sightings, data.draw(st.permutations(sightings))):
        issue = issue_with()
        for sighting in arrival:
            issue = observe(issue, sighting, context).issue
        bounds.add((issue.times_seen, issue.first_seen, issue.last_seen))
    assert len(bounds) == 1
