"""Issues as the API shows them: in answers to commands, in lists, and alone (spec/search.md 5.1 to 5.3)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

from tocsin.domain.issue.category import category_of, issue_type_of
from tocsin.domain.issue.display import displayed_status, status_details
from tocsin.domain.issue.issue import InboxReason, Issue, Status
from tocsin.domain.issue.short_id import encode
from tocsin.domain.issue.suggestion import Suggestion
from tocsin.domain.organization import Organization, Team, User
from tocsin.edges.api.serialize.activity import story_objects
from tocsin.edges.api.serialize.commit import commit_object
from tocsin.edges.api.serialize.instants import iso, iso_or_none
from tocsin.edges.api.serialize.release import release_of_event
from tocsin.edges.api.serialize.tag import tag_name
from tocsin.edges.api.serialize.user import participant_object, seen_by_object, shown_name, user_object
from tocsin.flows.search import FoundIssue, Numbers, Series
from tocsin.storage.views.issues import IssueDetail, ShownIssue
from tocsin.storage.views.tags import TagKey

_LACKING: dict[str, Any] = {
    "annotations": [],
    "seerFixabilityScore": None,
    "seerAutofixLastTriggered": None,
    "seerExplorerAutofixLastTriggered": None,
}
"""What stands for features that Tocsin does not have: plug-ins, machine opinions."""
_LACKING_IN_DETAIL: dict[str, Any] = {
    "pluginActions": [],
    "pluginContexts": [],
    "pluginIssues": [],
    "openPeriods": [],
}
_LACKING_IN_EXPANSION: dict[str, Any] = {
    "sessions": None,
    "integrationIssues": [],
    "sentryAppIssues": [],
}
"""What ``expand`` adds for features that Tocsin does not have, by the word that asks for it."""
_KEY_OF_EXPANSION = {"sessions": "sessionCount"}

_REASON_NUMBERS = {
    InboxReason.NEW: 0,
    InboxReason.UNIGNORED: 1,
    InboxReason.REGRESSION: 2,
    InboxReason.MANUAL: 3,
    InboxReason.ESCALATING: 5,
    InboxReason.ONGOING: 6,
}


class Counted(Protocol):
    """Numbers of an issue, over whatever events."""

    @property
    def count(self) -> int:
        """How many events."""

    @property
    def user_count(self) -> int:
        """How many distinct users."""

    @property
    def first_seen(self) -> datetime | None:
        """The time of the first of them."""

    @property
    def last_seen(self) -> datetime | None:
        """The time of the last of them."""


class CountedIssue(Counted, Protocol):
    """Numbers of an issue, and how its latest event ended."""

    @property
    def is_unhandled(self) -> bool:
        """Whether the latest event has an exception that was not handled."""

    @property
    def users_ever(self) -> int:
        """How many distinct users over its whole life."""


class Listing(Protocol):
    """How a list of issues is to look."""

    @property
    def period(self) -> str:
        """The name of the series; empty for none."""

    @property
    def collapse(self) -> Collection[str]:
        """What to leave out."""

    @property
    def expand(self) -> Collection[str]:
        """What to add."""


def issue_object(shown: ShownIssue, counted: CountedIssue, public_url: str, now: datetime) -> dict[str, Any]:
    """Return the issue with its base keys."""
    return {
        **_state(shown, counted.users_ever, public_url, now),
        "isUnhandled": counted.is_unhandled,
        **_counts(counted),
    }


def listed_issue(
    shown: ShownIssue, found: FoundIssue, listing: Listing, public_url: str, now: datetime
) -> dict[str, Any]:
    """Return the issue as a list shows it."""
    collapse = listing.collapse
    base = (
        {"id": str(found.issue.id)} if "base" in collapse else _state(shown, found.lifetime.user_count, public_url, now)
    )
    unhandled = {} if "unhandled" in collapse else {"isUnhandled": found.is_unhandled}
    statistics = {} if "stats" in collapse else _statistics(found, listing)
    return {**base, **unhandled, **_counts(found), **statistics, **expansion(shown, listing.expand)}


def issue_detail(
    shown: ShownIssue, detail: IssueDetail, public_url: str, collapse: Collection[str], now: datetime
) -> dict[str, Any]:
    """Return the issue with everything its page shows, less what *collapse* names."""
    issue = shown.issue
    answer = {
        **issue_object(shown, detail.numbers, public_url, now),
        "activity": story_objects(issue, detail.story),
        "seenBy": [seen_by_object(user, at) for user, at in detail.seen_by],
        "participants": [participant_object(user) for user in detail.participants],
        "userReportCount": detail.user_reports,
        **_LACKING_IN_DETAIL,
    }
    if "release" not in collapse:
        answer["firstRelease"] = release_of_event(issue.first_release, detail.first_release)
        answer["lastRelease"] = release_of_event(issue.last_release, detail.last_release)
    if "tags" not in collapse:
        answer["tags"] = [_tag(one) for one in sorted(detail.tags, key=lambda one: tag_name(one.key))]
    if "stats" not in collapse:
        answer["stats"] = {"24h": _points(detail.hours), "30d": _points(detail.days)}
    return answer


def expansion(shown: ShownIssue, expand: Collection[str]) -> dict[str, Any]:
    """Return the keys that ``expand`` adds; words nobody knows add none."""
    added = {
        _KEY_OF_EXPANSION.get(word, word): value for word, value in _LACKING_IN_EXPANSION.items() if word in expand
    }
    real = {"inbox": _inbox, "owners": _owners, "forecast": _forecast}
    return added | {word: show(shown) for word, show in real.items() if word in expand}


def permalink(organization: Organization, issue: Issue, public_url: str) -> str:
    """Return the address of the issue's page."""
    return f"{public_url}/organizations/{organization.slug}/issues/{issue.id}/"


def _state(shown: ShownIssue, users_ever: int, public_url: str, now: datetime) -> dict[str, Any]:
    """Return the keys that do not count anything, but for what is left of a snooze."""
    issue, project, marks = shown.issue, shown.project, shown.marks
    hours = project.options.get("resolveAge") or None
    status = displayed_status(issue, now, resolve_age_hours=hours)
    return {
        "id": str(issue.id),
        "shareId": issue.share_id,
        "shortId": encode(project.slug, issue.number),
        "title": issue.title,
        "culprit": issue.culprit,
        "permalink": permalink(shown.organization, issue, public_url),
        "logger": issue.logger or None,
        "level": issue.level,
        "status": status,
        "statusDetails": status_details(
            issue,
            now,
            actor=user_object(shown.actor) if shown.actor else None,
            commit=commit_object(shown.fixed_by) if shown.fixed_by else None,
            users_seen=users_ever,
            resolve_age_hours=hours,
        ),
        "substatus": None if status is Status.RESOLVED else issue.substatus,
        "isPublic": issue.share_id is not None,
        "platform": issue.platform or None,
        "priority": issue.priority,
        "priorityLockedAt": iso_or_none(issue.priority_locked_at),
        "project": {
            "id": str(project.id),
            "name": project.name,
            "slug": project.slug,
            "platform": project.platform or None,
        },
        "type": issue.type,
        "metadata": issue.metadata,
        "numComments": issue.comment_count,
        "assignedTo": _assignee(shown.assignee),
        "isBookmarked": marks.is_bookmarked,
        "isSubscribed": marks.is_subscribed is True,
        "subscriptionDetails": {"reason": marks.subscription_reason} if marks.is_subscribed else None,
        "hasSeen": marks.last_seen is not None and marks.last_seen > issue.active_at,
        "issueType": issue_type_of(issue),
        "issueCategory": category_of(issue),
        **_LACKING,
    }


def _assignee(assignee: User | Team | None) -> dict[str, Any] | None:
    match assignee:
        case None:
            return None
        case User():
            return {"type": "user", "id": str(assignee.id), "name": shown_name(assignee), "email": assignee.email}
        case Team():
            return {"type": "team", "id": str(assignee.id), "name": assignee.slug}


def _counts(counted: Counted) -> dict[str, Any]:
    return {
        "count": str(counted.count),
        "userCount": counted.user_count,
        "firstSeen": iso_or_none(counted.first_seen),
        "lastSeen": iso_or_none(counted.last_seen),
    }


def _statistics(found: FoundIssue, listing: Listing) -> dict[str, Any]:
    """Return the series of the issue, and its numbers over its life and over the matching events."""
    period = listing.period
    statistics: dict[str, Any] = {"stats": {period: _points(found.series)}} if period else {}
    if "lifetime" not in listing.collapse:
        statistics["lifetime"] = _counts(found.lifetime) | ({"stats": None} if period else {})
    if "filtered" not in listing.collapse:
        statistics["filtered"] = _filtered(found.filtered, found.filtered_series or (), period)
    return statistics


def _filtered(numbers: Numbers | None, series: Series, period: str) -> dict[str, Any] | None:
    if numbers is None:
        return None
    return _counts(numbers) | ({"stats": {period: _points(series)}} if period else {})


def _points(series: Sequence[tuple[int, int]]) -> list[list[int]]:
    return [[start, events] for start, events in series]


def _tag(one: TagKey) -> dict[str, Any]:
    return {"key": one.key, "name": tag_name(one.key), "totalValues": one.events, "uniqueValues": one.values}


def _owners(shown: ShownIssue) -> list[dict[str, Any]] | None:
    return [_owner(one) for one in shown.suggestions] or None


def _owner(one: Suggestion) -> dict[str, Any]:
    owner = f"user:{one.user_id}" if one.user_id is not None else f"team:{one.team_id}"
    return {"type": one.reason, "owner": owner, "date_added": iso(one.added_at)}


def _inbox(shown: ShownIssue) -> dict[str, Any] | None:
    waiting = shown.waiting
    if waiting is None:
        return None
    return {
        "reason": _REASON_NUMBERS[waiting.reason],
        "reason_details": None,
        "date_added": iso(waiting.added_at),
    }


def _forecast(shown: ShownIssue) -> dict[str, Any] | None:
    expected = shown.expected
    if expected is None:
        return None
    return {"data": list(expected.expected), "date_added": iso(expected.computed_at)}
