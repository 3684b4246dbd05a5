"""The story of an issue in sentences: who did what, and when."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.issue.issue import ActivityType, Assignee, Issue, TeamId, UserId
from tocsin.edges.web.choices import Choices
from tocsin.storage.views import Views, issues
from tocsin.storage.views.issues import Entry

LINES_MAX = 50


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to an issue."""

    who: str
    """Empty when nobody did it."""
    text: str
    note: str = ""
    """What somebody wrote; empty for anything but comments."""
    at: datetime
    own_note_id: int | None = None
    """The id of a comment that the reader wrote."""


def story_of(views: Views, issue: Issue, choices: Choices, reader: UserId) -> tuple[Line, ...]:
    """Return what happened to the issue, newest first, down to when it was first seen."""
    begun = Line(who="", text="First seen", at=issue.first_seen)
    return (*(_line(entry, choices, reader) for entry in issues.story(views, issue, LINES_MAX)), begun)


def _line(entry: Entry, choices: Choices, reader: UserId) -> Line:
    activity, user = entry.activity, entry.user
    who = (user.name or user.email) if user else ""
    if activity.type is ActivityType.NOTE:
        return _comment(entry, who, reader)
    text = _SENTENCES[activity.type](activity.data, choices)
    return Line(who=who, text=f"{who} {text}" if who else text[:1].upper() + text[1:], at=activity.created_at)


def _comment(entry: Entry, who: str, reader: UserId) -> Line:
    return Line(
        who=who,
        text=f"{who or 'Somebody who left'} wrote",
        note=str(entry.activity.data.get("text") or ""),
        at=entry.activity.created_at,
        own_note_id=entry.id if entry.activity.user_id == reader else None,
    )


Data = Mapping[str, Any]


def _always(text: str) -> Callable[[Data, Choices], str]:
    return lambda _data, _choices: text


def _resolved_in(data: Data, _choices: Choices) -> str:
    version = data.get("version") or data.get("inNextRelease")
    return f"resolved it in {version}" if isinstance(version, str) else "resolved it in the next release"


def _regressed(data: Data, _choices: Choices) -> str:
    version = data.get("version")
    return f"came back in {version}" if version else "came back after it was resolved"


def _archived(data: Data, _choices: Choices) -> str:
    if data.get("ignoreUntilEscalating"):
        return "archived it until more events than usual arrive"
    if data.get("ignoreCount"):
        return f"archived it until {data['ignoreCount']} more events arrive"
    if data.get("ignoreUserCount"):
        return f"archived it until {data['ignoreUserCount']} more users are affected"
    if data.get("ignoreUntil"):
        return f"archived it until {data['ignoreUntil']}"
    return "archived it"


def _assigned(data: Data, choices: Choices) -> str:
    number = int(data.get("assignee") or 0)
    is_team = data.get("assigneeType") == "team"
    assignee = Assignee(team_id=TeamId(number)) if is_team else Assignee(user_id=UserId(number))
    name = choices.assignee_name(assignee) or data.get("assigneeEmail") or "somebody who left"
    return f"assigned it to {name}"


def _prioritised(data: Data, _choices: Choices) -> str:
    return f"set the priority to {data.get('priority')}"


_SENTENCES: Mapping[ActivityType, Callable[[Data, Choices], str]] = {
    ActivityType.FIRST_SEEN: _always("first seen"),
    ActivityType.SET_RESOLVED: _always("resolved it"),
    ActivityType.SET_RESOLVED_IN_RELEASE: _resolved_in,
    ActivityType.SET_RESOLVED_IN_COMMIT: _always("resolved it with a commit"),
    ActivityType.SET_RESOLVED_BY_AGE: _always("resolved because it was quiet for long"),
    ActivityType.SET_UNRESOLVED: _always("made it unresolved"),
    ActivityType.SET_IGNORED: _archived,
    ActivityType.SET_ESCALATING: _always("more events than usual: it is escalating"),
    ActivityType.SET_REGRESSION: _regressed,
    ActivityType.SET_PUBLIC: _always("made it public"),
    ActivityType.SET_PRIVATE: _always("made it private"),
    ActivityType.SET_PRIORITY: _prioritised,
    ActivityType.ASSIGNED: _assigned,
    ActivityType.UNASSIGNED: _always("took it from its assignee"),
    ActivityType.MARK_REVIEWED: _always("reviewed it"),
    ActivityType.AUTO_SET_ONGOING: _always("it is not new any more"),
    ActivityType.MERGE: _always("merged other issues into it"),
    ActivityType.UNMERGE_SOURCE: _always("took events out of it"),
    ActivityType.UNMERGE_DESTINATION: _always("took it out of another issue"),
}
