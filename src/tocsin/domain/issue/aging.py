"""What time alone does to an issue; a periodic flow asks (spec/ingest.md 6.2 and 6.4)."""

from datetime import datetime, timedelta

from tocsin.domain.issue.change import Change, unchanged
from tocsin.domain.issue.display import displayed_status
from tocsin.domain.issue.effects import LeaveInbox
from tocsin.domain.issue.issue import ActivityType, Issue, Status, Substatus

SETTLING_TIME = timedelta(days=7)
"""How long an issue is news: new, regressed or escalating, before it is merely ongoing."""

_NEWS = frozenset({Substatus.NEW, Substatus.REGRESSED, Substatus.ESCALATING})


def settle(issue: Issue, *, since: datetime, now: datetime) -> Change:
    """Return *issue* as ongoing if it has been news *since* longer than the settling time; else as it is."""
    if issue.status is not Status.UNRESOLVED or issue.substatus not in _NEWS or now - since < SETTLING_TIME:
        return unchanged(issue)
    told = {"after_days": SETTLING_TIME.days}
    settled = unchanged(issue).having(substatus=Substatus.ONGOING)
    return settled.telling(ActivityType.AUTO_SET_ONGOING, told, by=None, at=now)


def resolve_by_age(issue: Issue, *, resolve_age_hours: int | None, now: datetime) -> Change:
    """Return *issue* as resolved if it has been quiet for longer than the project's resolve age; else as it is."""
    if issue.status is not Status.UNRESOLVED:
        return unchanged(issue)
    if displayed_status(issue, now, resolve_age_hours=resolve_age_hours) is not Status.RESOLVED:
        return unchanged(issue)
    resolved = unchanged(issue).having(status=Status.RESOLVED, substatus=None, resolved_at=now)
    told = resolved.telling(ActivityType.SET_RESOLVED_BY_AGE, {"age": resolve_age_hours}, by=None, at=now)
    return told.causing(LeaveInbox())


def resolve_recovered(issue: Issue, now: datetime) -> Change:
    """Return the issue of a job that works again as resolved, by nobody; one that is not unresolved as it is."""
    if issue.status is not Status.UNRESOLVED:
        return unchanged(issue)
    resolved = unchanged(issue).having(status=Status.RESOLVED, substatus=None, resolved_at=now, resolution=None)
    return resolved.telling(ActivityType.SET_RESOLVED, {}, by=None, at=now).causing(LeaveInbox())
