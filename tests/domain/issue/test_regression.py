from datetime import timedelta

import pytest

from tocsin.domain.issue.issue import (
    ActivityType,
    InboxReason,
    ProjectId,
    Resolution,
    ResolutionType,
    Status,
    Substatus,
)
from tocsin.domain.issue.observe import Context, Turn, observe, observe_all
from tocsin.domain.issue.release_line import ReleaseLine
from tocsin.domain.issue.resolution import in_next_release, when_released


@pytest.fixture
def resolved(issue_with, now):
    def make(**fields):
        return issue_with(status=Status.RESOLVED, substatus=None, resolved_at=now - timedelta(minutes=1), **fields)

    return make


@pytest.fixture
def resolution_in(now):
    def make(version, *, pending=False, current=None):
        type_ = ResolutionType.IN_NEXT_RELEASE if pending else ResolutionType.IN_RELEASE
        return Resolution(type=type_, release=version, current_release=current, created_at=now)

    return make


@pytest.fixture
def turn_on(resolved, sighting_with, now):
    """What an event of *release* comes to for an issue with *resolution*."""

    def observed(resolution, release, line):
        context = Context(now=now, project_id=ProjectId(1), releases=line)
        return observe(resolved(resolution=resolution), sighting_with(release=release), context).turn

    return observed


SEMVER = ("1.1.0", "1.2.0", "1.3.0")
NAMED = ("rA", "rB", "rC")


@pytest.mark.parametrize(
    ("versions", "resolved_in", "seen_in", "turn"),
    [
        pytest.param(SEMVER, "1.2.0", "1.1.0", Turn.SEEN, id="ingest-G11"),
        pytest.param(SEMVER, "1.2.0", "1.3.0", Turn.REGRESSED, id="ingest-G13"),
        pytest.param(SEMVER, "1.2.0", "1.2.0", Turn.REGRESSED, id="same-release"),
        pytest.param(("1.2.0", "app@1.2.0"), "1.2.0", "app@1.2.0", Turn.REGRESSED, id="same-version"),
        pytest.param(SEMVER, "1.2.0", "", Turn.SEEN, id="ingest-G14"),
        pytest.param(NAMED, "rB", "rA", Turn.SEEN, id="ingest-G17"),
        pytest.param(NAMED, "rA", "rB", Turn.REGRESSED, id="mutation-F19"),
        pytest.param(NAMED, "rA", "rA", Turn.REGRESSED, id="mutation-F20"),
        pytest.param(NAMED, "rB", "rA", Turn.SEEN, id="mutation-F21"),
        pytest.param(("3.0", "2.0", "1.0"), "2.0", "1.0", Turn.SEEN, id="mutation-F22-older"),
        pytest.param(("3.0", "2.0", "1.0"), "2.0", "2.0", Turn.REGRESSED, id="mutation-F22-same"),
        pytest.param(("3.0", "2.0", "1.0"), "2.0", "3.0", Turn.REGRESSED, id="mutation-F22-newer"),
        pytest.param(("3.0.0", "2.0.0", "3.0.1"), "3.0.0", "2.0.0", Turn.SEEN, id="mutation-F34-older"),
        pytest.param(("3.0.0", "2.0.0", "3.0.1"), "3.0.0", "3.0.1", Turn.REGRESSED, id="mutation-F34-newer"),
        pytest.param(NAMED, "gone", "rA", Turn.REGRESSED, id="resolved-in-a-deleted-release"),
        pytest.param(("1.0.0", "2.0.0", "3.0.0", "abc"), "2.0.0", "abc", Turn.REGRESSED, id="not-semver-itself"),
    ],
)
def test_an_event_undoes_a_resolution_in_a_release_unless_it_is_older(
    turn_on, resolution_in, line_of, versions, resolved_in, seen_in, turn
):
    assert turn_on(resolution_in(resolved_in), seen_in, line_of(*versions)) is turn


@pytest.mark.parametrize(
    ("seen_in", "turn"),
    [
        pytest.param("rA", Turn.SEEN, id="mutation-F23-same"),
        pytest.param("rB", Turn.REGRESSED, id="mutation-F23-newer"),
    ],
)
def test_a_resolution_in_the_next_release_holds_until_there_is_one(turn_on, resolution_in, line_of, seen_in, turn):
    line = line_of("rA", "rB")
    assert turn_on(resolution_in("rA", pending=True), seen_in, line) is turn
    assert turn_on(resolution_in("rA", pending=True, current="rA"), seen_in, line) is turn


@pytest.mark.parametrize(
    ("versions", "last_release", "seen_in", "turn"),
    [
        pytest.param(("1.2.0", "1.3.0"), "1.2.0", "1.3.0", Turn.REGRESSED, id="ingest-G16"),
        pytest.param(
            ("pkg@1.0+0", "pkg@2.0+0", "pkg@1.0+1", "pkg@3.0+0"), "", "pkg@3.0+0", Turn.REGRESSED, id="mutation-F13"
        ),
        pytest.param(
            ("21.1.0", "21.1.1", "21.1.2", "21.1.1+1"), "21.1.1", "21.1.1+1", Turn.SEEN, id="mutation-F14-patch"
        ),
        pytest.param(
            ("21.1.0", "21.1.1", "21.1.2", "21.1.2"), "21.1.1", "21.1.2", Turn.SEEN, id="mutation-F14-current"
        ),
        pytest.param(
            ("21.1.0", "21.1.1", "21.1.2", "21.1.3"), "21.1.1", "21.1.3", Turn.REGRESSED, id="mutation-F14-new"
        ),
        pytest.param(("foobar 1", "foobar 2", "foobar 3"), "foobar 1", "foobar 1", Turn.SEEN, id="by-date-current"),
        pytest.param(("foobar 1", "foobar 2", "foobar 3"), "foobar 1", "foobar 3", Turn.REGRESSED, id="by-date-next"),
        pytest.param(("foobar 1", "foobar 2", "foobar 3"), "foobar 2", "foobar 1", Turn.SEEN, id="by-date-older"),
    ],
)
def test_what_was_resolved_in_the_next_release_regresses_in_it(
    turn_on, issue_with, line_of, now, versions, last_release, seen_in, turn
):
    before = line_of(*versions[:-1])
    resolution = in_next_release(issue_with(last_release=last_release), before, by_status=True, actor_id=None, now=now)
    after = line_of(*versions)
    assert turn_on(when_released(resolution, versions[-1], after), seen_in, after) is turn


def test_the_release_current_when_resolving_holds_though_the_fixed_one_is_gone(turn_on, resolution_in, line_of):
    resolution = resolution_in("gone", current="rA")
    assert turn_on(resolution, "rA", line_of("rA", "rB")) is Turn.SEEN
    assert turn_on(resolution, "rB", line_of("rA", "rB")) is Turn.REGRESSED


def test_a_resolution_waiting_for_the_next_release_points_at_it_once_it_is_there(resolution_in, line_of):
    line = line_of("rA", "rB")
    waiting = resolution_in("rA", pending=True, current="rA")
    released = when_released(waiting, "rB", line)
    assert (released.type, released.release, released.current_release) == (ResolutionType.IN_RELEASE, "rB", "rA")
    assert when_released(waiting, "rA", line) is waiting
    assert when_released(released, "rB", line) is released


@pytest.mark.parametrize("release", ["1.0", ""])
def test_a_commit_that_no_release_has_holds_against_every_event(resolved, sighting_with, now, release):
    issue, seen = resolved(), sighting_with(release=release)
    held = Context(now=now, project_id=ProjectId(1), held=frozenset({issue.id}))
    observation = observe(issue, seen, held)
    assert (observation.turn, observation.issue.status, observation.issue.times_seen) == (
        Turn.SEEN,
        Status.RESOLVED,
        issue.times_seen + 1,
    )
    assert observe(issue, seen, Context(now=now, project_id=ProjectId(1))).turn is Turn.REGRESSED


@pytest.mark.parametrize("release", [pytest.param("1.0", id="mutation-F25"), pytest.param("", id="ingest-G10")])
def test_any_event_undoes_a_plain_resolution(resolved, sighting_with, now, release):
    context = Context(now=now, project_id=ProjectId(1))
    observation = observe(resolved(), sighting_with(release=release), context)
    issue, (activity,) = observation.issue, observation.activities
    assert (observation.turn, observation.inbox_reason) == (Turn.REGRESSED, InboxReason.REGRESSION)
    assert (issue.status, issue.substatus, issue.active_at) == (Status.UNRESOLVED, Substatus.REGRESSED, now)
    assert (activity.type, activity.data) == (ActivityType.SET_REGRESSION, {"event_id": "e" * 32, "version": release})
    assert observation.resolved_in == ""


def test_undoing_a_resolution_in_a_release_tells_which(resolved, resolution_in, sighting_with, line_of, now):
    context = Context(now=now, project_id=ProjectId(1), releases=line_of(*SEMVER))
    issue = resolved(resolution=resolution_in("1.2.0"))
    observation = observe(issue, sighting_with(release="1.3.0"), context)
    assert observation.issue.resolution is None
    assert observation.resolved_in == "1.3.0"
    assert observation.activities[0].data == {
        "event_id": "e" * 32,
        "version": "1.3.0",
        "follows_semver": True,
        "resolved_in_version": "1.2.0",
    }


def test_the_first_newer_event_of_a_batch_is_the_one_that_regresses(
    resolved, resolution_in, sighting_with, line_of, now
):
    context = Context(now=now, project_id=ProjectId(1), releases=line_of(*SEMVER))
    sightings = [
        sighting_with(event_id=release * 8, release=release, timestamp=now + timedelta(seconds=after))
        for after, release in [(3, "1.3.0"), (1, "1.1.0"), (2, "1.2.0")]
    ]
    observation = observe_all(resolved(resolution=resolution_in("1.2.0")), sightings, context)
    assert observation.activities[0].data["event_id"] == "1.2.0" * 8
    assert observation.issue.active_at == now + timedelta(seconds=2)
    assert (observation.issue.times_seen, observation.issue.last_seen) == (4, now + timedelta(seconds=3))


def test_the_same_resolution_does_not_regress_twice_within_five_seconds(issue_with, sighting_with, now):
    context = Context(now=now, project_id=ProjectId(1))
    stale = issue_with(status=Status.RESOLVED, substatus=None, resolved_at=now - timedelta(minutes=1), active_at=now)
    assert observe(stale, sighting_with(timestamp=now + timedelta(seconds=5)), context).turn is Turn.SEEN
    assert observe(stale, sighting_with(timestamp=now + timedelta(seconds=6)), context).turn is Turn.REGRESSED


def test_an_issue_resolved_a_moment_after_its_first_event_regresses_at_once(issue_with, sighting_with, now):
    context = Context(now=now, project_id=ProjectId(1))
    issue = issue_with(first_seen=now, last_seen=now, active_at=now, status=Status.RESOLVED, substatus=None)
    soon = sighting_with(timestamp=now + timedelta(seconds=1))
    assert observe(issue, soon, context).turn is Turn.REGRESSED


def test_an_issue_resolved_again_after_a_regression_regresses_at_once(resolved, sighting_with, now):
    context = Context(now=now, project_id=ProjectId(1))
    issue = resolved(active_at=now - timedelta(minutes=1, seconds=1), last_seen=now - timedelta(minutes=1, seconds=1))
    soon = sighting_with(timestamp=now - timedelta(seconds=59))
    assert observe(issue, soon, context).turn is Turn.REGRESSED


def test_an_issue_resolved_by_age_regresses_though_nobody_resolved_it(issue_with, sighting_with, now):
    quiet = issue_with(last_seen=now - timedelta(hours=25))
    aged = Context(now=now, project_id=ProjectId(1), resolve_age_hours=24)
    assert observe(quiet, sighting_with(), aged).turn is Turn.REGRESSED
    assert observe(quiet, sighting_with(), Context(now=now, project_id=ProjectId(1))).turn is Turn.SEEN


def test_an_archived_issue_never_regresses(issue_with, sighting_with, now):
    issue = issue_with(status=Status.IGNORED, substatus=Substatus.ARCHIVED_FOREVER)
    context = Context(now=now, project_id=ProjectId(1), releases=ReleaseLine())
    assert observe(issue, sighting_with(), context).issue.status is Status.IGNORED
