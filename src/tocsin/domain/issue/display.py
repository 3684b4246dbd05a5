"""How an issue's state is shown, which time alone can change (spec/mutation.md 4.2, 4.3 and 5.4)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tocsin.domain.issue.issue import Issue, Resolution, ResolutionType, Status
from tocsin.domain.issue.snooze import is_over, remaining_details


def displayed_status(issue: Issue, now: datetime, *, resolve_age_hours: int | None = None) -> Status:
    """Return the status people see: a snooze that is over shows unresolved, a long quiet issue shows resolved.

    *resolve_age_hours* is the project's option; None when it has none. Snoozes that only history can judge hold until
    the next event.
    """
    if issue.status is Status.IGNORED and issue.snooze is not None:
        lapsed = is_over(issue.snooze, times_seen=issue.times_seen, now=now)
        return Status.UNRESOLVED if lapsed else Status.IGNORED
    if issue.status is Status.UNRESOLVED and _is_over_age(issue, now, resolve_age_hours):
        return Status.RESOLVED
    return issue.status


def status_details(
    issue: Issue,
    now: datetime,
    *,
    actor: Mapping[str, Any] | None = None,
    commit: Mapping[str, Any] | None = None,
    users_seen: int | None = None,
    resolve_age_hours: int | None = None,
) -> dict[str, Any]:
    """Return the ``statusDetails`` of a full issue.

    *actor* is the user object of who resolved or archived it, *commit* the commit object of what resolved it and is in
    no release yet, *users_seen* the number of distinct users ever.
    """
    match displayed_status(issue, now, resolve_age_hours=resolve_age_hours):
        case Status.RESOLVED if issue.status is not Status.RESOLVED:
            return {"autoResolved": True}
        case Status.RESOLVED if issue.resolution is not None:
            return _resolution_details(issue.resolution, actor)
        case Status.RESOLVED if commit is not None:
            return {"inCommit": commit}
        case Status.IGNORED if issue.snooze is not None:
            return remaining_details(issue, issue.snooze, users_seen=users_seen, actor=actor)
        case _:
            return {}


def _resolution_details(resolution: Resolution, actor: Mapping[str, Any] | None) -> dict[str, Any]:
    match resolution.type:
        case ResolutionType.IN_RELEASE:
            return {"inRelease": resolution.release, "actor": actor}
        case ResolutionType.IN_NEXT_RELEASE:
            return {"inNextRelease": True, "actor": actor}


def _is_over_age(issue: Issue, now: datetime, resolve_age_hours: int | None) -> bool:
    return resolve_age_hours is not None and issue.last_seen < now - timedelta(hours=resolve_age_hours)
