"""What sightings do to an issue: create, follow, regress, wake (spec/ingest.md 6, spec/mutation.md 4.2 and 5.3)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

import msgspec

from tocsin.domain.issue.counts import Counts, CountsQuestion
from tocsin.domain.issue.display import displayed_status
from tocsin.domain.issue.escalation import HOUR, Forecast, awaits_escalation, escalating
from tocsin.domain.issue.issue import (
    UNSAVED,
    Activity,
    ActivityType,
    InboxReason,
    Issue,
    IssueId,
    Priority,
    ProjectId,
    Status,
    Substatus,
)
from tocsin.domain.issue.release_line import ReleaseLine
from tocsin.domain.issue.resolution import holds_against
from tocsin.domain.issue.sighting import PLACEHOLDER_TITLES, Sighting
from tocsin.domain.issue.snooze import conditions, counts_question, is_over, lifting

REGRESSION_GUARD = timedelta(seconds=5)
"""How close to the start of its present life an issue does not regress again."""

_PRIORITY_OF_LEVEL = {
    "fatal": Priority.HIGH,
    "error": Priority.HIGH,
    "warning": Priority.MEDIUM,
    "info": Priority.LOW,
    "debug": Priority.LOW,
}


def priority_of_level(level: str) -> Priority:
    """Return how urgent an issue of that level is until somebody decides."""
    return _PRIORITY_OF_LEVEL.get(level, Priority.HIGH)


class Turn(StrEnum):
    """What sightings amount to for their issue."""

    CREATED = "created"
    SEEN = "seen"
    REGRESSED = "regressed"
    ESCALATED = "escalated"
    """An archived issue came back because a count was reached or its forecast exceeded."""
    REOPENED = "reopened"
    """An archived issue came back because its time was over."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every issue of a project while a batch is observed."""

    now: datetime
    project_id: ProjectId
    releases: ReleaseLine = ReleaseLine()
    """Must know the releases of the sightings and of the issues' resolutions."""
    held: frozenset[IssueId] = frozenset()
    """Issues resolved by a commit that is in no release yet: no event can tell whether the fix was in it."""
    resolve_age_hours: int | None = None
    """After how many quiet hours the project counts an issue as resolved; None for never."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """An issue after sightings, and what that means to others."""

    issue: Issue
    turn: Turn
    activities: tuple[Activity, ...] = ()
    inbox_reason: InboxReason | None = None
    """Why the issue enters the inbox; None when it does not."""
    resolved_in: str = ""
    """Version the newest ``set_resolved_in_release`` activity must show if it shows none yet."""


def open_issue(sightings: Sequence[Sighting], context: Context, *, number: int) -> Observation:
    """Return a new issue, not saved yet, made of *sightings* (at least one, in any order); *number* counts per project.

    The first-seen entry of the activity list is derived from ``first_seen`` when shown, so none is recorded
    (spec/mutation.md 6.3).
    """
    first, *others = _in_time_order(sightings)
    issue = Issue(
        id=UNSAVED,
        project_id=context.project_id,
        number=number,
        level=first.level,
        logger=first.logger,
        platform=first.platform,
        type=first.type,
        title=first.title,
        culprit=first.culprit,
        message=first.message,
        metadata=first.metadata,
        first_seen=first.timestamp,
        last_seen=first.timestamp,
        active_at=first.timestamp,
        first_release=first.release,
        last_release=first.release,
        priority=priority_of_level(first.level),
    )
    issue = _absorb(issue, others) if others else issue
    return Observation(issue=issue, turn=Turn.CREATED, inbox_reason=InboxReason.NEW)


def observe(issue: Issue, sighting: Sighting, context: Context) -> Observation:
    """Return what one *sighting* makes of *issue*; see :func:`observe_all`."""
    return observe_all(issue, (sighting,), context)


def observe_all(issue: Issue, sightings: Sequence[Sighting], context: Context) -> Observation:
    """Return what *sightings* (at least one, in any order) make of *issue*, taken in the order they happened.

    An issue takes at most one turn per call, as after a turn it is unresolved and only counts. What only history can
    tell is left to :func:`lift`, once history has the events.
    """
    ordered = _in_time_order(sightings)
    seen = _absorb(issue, ordered)
    if displayed_status(issue, context.now, resolve_age_hours=context.resolve_age_hours) is Status.RESOLVED:
        return _against_resolution(issue, seen, ordered, context)
    if issue.status is Status.IGNORED and issue.snooze is not None:
        return _against_snooze(issue, seen, ordered, context.now)
    return Observation(issue=seen, turn=Turn.SEEN)


def question_to_history(issue: Issue, now: datetime) -> CountsQuestion | None:
    """Return what history must count to tell if events bring *issue* back, for :func:`lift`; mostly None."""
    if issue.status is not Status.IGNORED:
        return None
    question = counts_question(issue.snooze, now) if issue.snooze else None
    if not awaits_escalation(issue):
        return question
    return msgspec.structs.replace(question or CountsQuestion(), recent_since=now - HOUR)


def lift(
    issue: Issue, sightings: Sequence[Sighting], now: datetime, counts: Counts, expected: Forecast | None
) -> Observation | None:
    """Return *issue*, which has taken account of *sightings*, as it comes back by what history knows; None if it stays.

    *expected* is the forecast of an issue that awaits escalation.
    """
    ordered = _in_time_order(sightings)
    if issue.status is not Status.IGNORED:
        return None
    if issue.snooze is not None and (trigger := lifting(issue.snooze, ordered, counts, now)):
        return _reopened(issue, {"event_id": trigger.event_id}, now)
    if expected is None or not awaits_escalation(issue):
        return None
    trigger = escalating(expected, ordered, counts.recent_events, now)
    if trigger is None:
        return None
    unsnoozed = msgspec.structs.replace(issue, snooze=None)
    return _escalated(unsnoozed, {"event_id": trigger.event_id, "forecast": expected.events_max}, now)


def wake(issue: Issue, now: datetime) -> Observation | None:
    """Return *issue* reopened if the time of its snooze is over, without any event having been seen; else None."""
    snooze = issue.snooze
    if issue.status is not Status.IGNORED or snooze is None or snooze.until is None or snooze.until > now:
        return None
    return _reopened(issue, {}, now)


def _in_time_order(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
    return sightings if len(sightings) == 1 else sorted(sightings, key=attrgetter("timestamp"))


def _absorb(issue: Issue, ordered: Sequence[Sighting]) -> Issue:
    """Count *ordered* sightings and follow the latest; a late one changes no text (spec/ingest.md 6.3)."""
    latest = ordered[-1]
    changes: dict[str, Any] = {
        "times_seen": issue.times_seen + len(ordered),
        "first_seen": min(issue.first_seen, ordered[0].timestamp),
        "last_seen": max(issue.last_seen, latest.timestamp),
    }
    if latest.timestamp >= issue.last_seen:
        changes |= {"level": latest.level, "culprit": latest.culprit}
    return msgspec.structs.replace(issue, **changes, **_title(issue, ordered), **_releases(issue, ordered))


def _title(issue: Issue, ordered: Sequence[Sighting]) -> dict[str, Any]:
    """Return what the issue is called, all of it from one sighting: the latest that has a title."""
    titled = next((sighting for sighting in reversed(ordered) if sighting.has_title), None)
    if titled is None or (titled.timestamp < issue.last_seen and issue.title not in PLACEHOLDER_TITLES):
        return {}
    return {
        "title": titled.title,
        "metadata": titled.metadata,
        "message": titled.message,
        "type": titled.type,
    }


def _releases(issue: Issue, ordered: Sequence[Sighting]) -> dict[str, str]:
    released = [sighting for sighting in ordered if sighting.release]
    if not released:
        return {}
    latest = released[-1]
    is_late = latest.timestamp < issue.last_seen
    return {
        "first_release": issue.first_release or released[0].release,
        # Of late sightings the earliest fills what is empty, as it would if they came one by one.
        "last_release": (issue.last_release or released[0].release) if is_late else latest.release,
    }


def _against_resolution(before: Issue, seen: Issue, ordered: Sequence[Sighting], context: Context) -> Observation:
    trigger = None if before.id in context.held else _regressing(before, ordered, context.releases)
    if trigger is None:
        return Observation(issue=seen, turn=Turn.SEEN)
    issue = msgspec.structs.replace(
        seen,
        status=Status.UNRESOLVED,
        substatus=Substatus.REGRESSED,
        active_at=max(trigger.timestamp, before.last_seen),
        resolution=None,
    )
    data: dict[str, Any] = {"event_id": trigger.event_id, "version": trigger.release}
    if before.resolution is not None:
        data |= {
            "follows_semver": context.releases.follows_semver,
            "resolved_in_version": before.resolution.release,
        }
    return Observation(
        issue=issue,
        turn=Turn.REGRESSED,
        activities=(_activity(issue, ActivityType.SET_REGRESSION, data, context.now),),
        inbox_reason=InboxReason.REGRESSION,
        resolved_in=trigger.release if before.resolution is not None else "",
    )


def _regressing(issue: Issue, ordered: Sequence[Sighting], releases: ReleaseLine) -> Sighting | None:
    """Return the sighting that undoes the resolution of *issue*, if any does. Each release is judged once."""
    versions = {sighting.release for sighting in ordered}
    resolution = issue.resolution
    if resolution is not None:
        versions = {version for version in versions if not holds_against(resolution, version, releases)}
    return next((seen for seen in ordered if seen.release in versions and not _is_guarded(issue, seen)), None)


def _is_guarded(issue: Issue, sighting: Sighting) -> bool:
    """Whether this would be the same regression twice; an issue resolved since its life began may regress at once."""
    if issue.resolved_at is not None and issue.resolved_at > issue.active_at:
        return False
    seen_at = max(sighting.timestamp, issue.last_seen)
    return issue.first_seen < issue.active_at and issue.active_at >= seen_at - REGRESSION_GUARD


def _against_snooze(before: Issue, seen: Issue, ordered: Sequence[Sighting], now: datetime) -> Observation:
    trigger = _lifting(before, ordered, now)
    if trigger is None:
        return Observation(issue=seen, turn=Turn.SEEN)
    return _reopened(seen, {"event_id": trigger.event_id}, now)


def _lifting(issue: Issue, ordered: Sequence[Sighting], now: datetime) -> Sighting | None:
    """Return the sighting that ends the snooze of *issue* as far as the issue itself can tell, if any does."""
    snooze = issue.snooze
    if snooze is None:
        return None
    numbered = enumerate(ordered, issue.times_seen + 1)
    return next((seen for times_seen, seen in numbered if is_over(snooze, times_seen=times_seen, now=now)), None)


def _reopened(issue: Issue, data: dict[str, Any], now: datetime) -> Observation:
    """End a snooze: one with a time ends quietly, one without ends because things got worse."""
    if issue.snooze is None or issue.snooze.until is None:
        return _escalated(issue, data, now)
    return Observation(
        issue=msgspec.structs.replace(issue, status=Status.UNRESOLVED, substatus=Substatus.ONGOING, snooze=None),
        turn=Turn.REOPENED,
        activities=(_activity(issue, ActivityType.SET_UNRESOLVED, data, now),),
        inbox_reason=InboxReason.ONGOING,
    )


def _escalated(issue: Issue, data: dict[str, Any], now: datetime) -> Observation:
    if issue.snooze is not None:
        data = data | {"expired_snooze": conditions(issue.snooze)}
    priority = _raised(issue)
    activities = [_activity(issue, ActivityType.SET_ESCALATING, data, now)]
    if priority is not issue.priority:
        told = {"priority": priority, "reason": "escalating"}
        activities.insert(0, _activity(issue, ActivityType.SET_PRIORITY, told, now))
    back = {"status": Status.UNRESOLVED, "substatus": Substatus.ESCALATING, "priority": priority, "snooze": None}
    return Observation(
        issue=msgspec.structs.replace(issue, **back),
        turn=Turn.ESCALATED,
        activities=tuple(activities),
        inbox_reason=InboxReason.ESCALATING,
    )


def _raised(issue: Issue) -> Priority | None:
    if issue.priority_locked_at is not None:
        return issue.priority
    return Priority.MEDIUM if issue.priority is Priority.LOW else Priority.HIGH


def _activity(issue: Issue, type_: ActivityType, data: dict[str, Any], now: datetime) -> Activity:
    return Activity(issue_id=issue.id, type=type_, data=data, created_at=now)
