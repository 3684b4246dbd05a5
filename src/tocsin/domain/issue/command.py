"""Commands: what a person wants done to issues, read from the body of a request (spec/mutation.md 3)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tocsin.domain.errors import InvalidFields
from tocsin.domain.issue.assignee_ref import AssigneeRef, read_assignee
from tocsin.domain.issue.fields import Rejected, boolean, choice, fields, integer, nullable, text
from tocsin.domain.issue.issue import Priority, Substatus, TeamId, UserId
from tocsin.domain.issue.snooze import SnoozeTerms
from tocsin.domain.release.commit import CommitId

LATEST: Final = "latest"
"""The word for "the newest release" in ``inRelease``."""

WINDOW_MINUTES_MAX: Final = 10080
"""A week: the longest window of a snooze."""

ARCHIVED = frozenset(
    {Substatus.ARCHIVED_UNTIL_ESCALATING, Substatus.ARCHIVED_UNTIL_CONDITION_MET, Substatus.ARCHIVED_FOREVER}
)
OPEN = frozenset(Substatus) - ARCHIVED


class ResolveNow(msgspec.Struct, frozen=True):
    """Resolve; any later event is a regression."""


class ResolveInRelease(msgspec.Struct, frozen=True):
    """Resolve in a release: its version, or ``latest`` until the references are resolved."""

    version: str


class ResolveInNextRelease(msgspec.Struct, frozen=True):
    """Resolve in the release after the present one."""

    by_status: bool
    """Asked for as ``status: resolvedInNextRelease``, which needs no release to exist."""


class ResolveInCommit(msgspec.Struct, frozen=True):
    """Resolve by a commit; which one that is, and in which release, is known once the references are resolved."""

    commit_id: CommitId = CommitId(0)
    release: str = ""
    """Version of the project's newest release with the commit; empty while none has it."""


class Reopen(msgspec.Struct, frozen=True):
    """Make unresolved; without a substatus it is inferred."""

    substatus: Substatus | None = None


class Archive(msgspec.Struct, frozen=True):
    """Ignore: forever, until escalating, or on terms; without a substatus it is inferred."""

    substatus: Substatus | None = None
    terms: SnoozeTerms | None = None

    @property
    def until_escalating(self) -> bool:
        """Whether escalation alone is to bring the issue back."""
        return self.substatus is Substatus.ARCHIVED_UNTIL_ESCALATING


StatusChange = ResolveNow | ResolveInRelease | ResolveInNextRelease | ResolveInCommit | Reopen | Archive
ReleaseTyped = ResolveInRelease | ResolveInNextRelease | ResolveInCommit


class CommitRef(msgspec.Struct, frozen=True):
    """A commit by key, in a repository by name; either may have been left out."""

    repository: str = ""
    key: str = ""


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a command names that only the store knows; ``resolve_references`` checks all of it."""

    assignee: AssigneeRef | None = None
    release: str = ""
    """A version that must exist, or ``latest``."""
    any_release: bool = False
    """The project must have some release."""
    commit: CommitRef | None = None
    upcoming_release: bool = False
    """Asks for a feature Tocsin does not have."""


class AssignUser(msgspec.Struct, frozen=True, kw_only=True):
    """Make a user the assignee."""

    user_id: UserId
    name: str
    """The name shown: the display name or, without one, the user name."""
    email: str


class AssignTeam(msgspec.Struct, frozen=True, kw_only=True):
    """Make a team the assignee."""

    team_id: TeamId
    slug: str


class Unassign(msgspec.Struct, frozen=True):
    """Make nobody the assignee."""


Assignment = AssignUser | AssignTeam | Unassign


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one body asks for; None means the body does not say.

    ``merge`` and ``discard`` are read and echoed here and carried out elsewhere: they are not changes of one issue.
    """

    status: StatusChange | None = None
    priority: Priority | None = None
    assignment: Assignment | None = None
    """Filled in by ``resolve_references`` when ``needs.assignee`` names somebody."""
    has_seen: bool | None = None
    is_bookmarked: bool | None = None
    is_subscribed: bool | None = None
    is_public: bool | None = None
    inbox: bool | None = None
    merge: bool | None = None
    discard: bool | None = None
    integration: str = ""
    """The chat integration the assignment was made in: ``slack``, ``msteams``, or empty."""
    needs: Needs = Needs()
    echo: dict[str, Any] = {}
    """The accepted fields in the order sent, less those the answer leaves out: the beginning of the delta.

    Who ``assignedTo`` is stays open until the references are resolved.
    """

    @property
    def needs_users_seen(self) -> bool:
        """Whether the distinct users of each issue must be counted before this is carried out."""
        terms = self.status.terms if isinstance(self.status, Archive) else None
        return terms is not None and terms.user_count is not None and terms.user_window_minutes is None


_STATUSES = frozenset({"resolved", "unresolved", "ignored", "resolvedInNextRelease", "muted"})
_ARCHIVING = frozenset({"ignored", "muted"})


def _window(value: Any) -> int:
    return integer(value, at_most=WINDOW_MINUTES_MAX)


_IGNORE_READERS = {
    "ignoreDuration": integer,
    "ignoreCount": integer,
    "ignoreWindow": _window,
    "ignoreUserCount": integer,
    "ignoreUserWindow": _window,
}
_DETAIL_READERS = {
    "inRelease": text,
    "inNextRelease": boolean,
    "inUpcomingRelease": boolean,
    "inCommit": fields({"commit": text, "repository": text}),
    **_IGNORE_READERS,
}
_READ_BODY = fields(
    {
        "inbox": boolean,
        "status": choice(_STATUSES),
        "statusDetails": fields(_DETAIL_READERS),
        **_IGNORE_READERS,
        "snoozeDuration": nullable(integer),
        "substatus": nullable(choice(frozenset(Substatus))),
        "priority": choice(frozenset(Priority)),
        "hasSeen": boolean,
        "isBookmarked": boolean,
        "isSubscribed": boolean,
        "isPublic": boolean,
        "merge": boolean,
        "discard": boolean,
        "assignedTo": read_assignee,
        "inboxDetails": fields({}),
    }
)
_SNOOZE_FIELDS = frozenset({*_IGNORE_READERS, "snoozeDuration"})


def read_command(body: Any) -> Command:
    """Return what the JSON *body* asks for, whoever and whatever it names not looked up yet.

    Raises InvalidFields with the faults of all fields at once. Decided where spec/mutation.md leaves it open:
    ``inNextRelease: false`` and ``inUpcomingRelease: false`` are as if absent; ``assignedTo: null`` unassigns; counts,
    durations and windows of zero or less are unset; no integer exceeds 31 bits.
    """
    try:
        sent = _READ_BODY(body)
    except Rejected as rejected:
        faults = rejected.faults
        raise InvalidFields(faults if isinstance(faults, dict) else {"non_field_errors": faults}) from None
    if "discard" in sent and len(sent) > 1:
        raise InvalidFields({"non_field_errors": ["Other attributes cannot be updated when discarding"]})
    assignee = sent.get("assignedTo")
    return Command(
        status=_status(sent),
        priority=Priority(sent["priority"]) if "priority" in sent else None,
        assignment=Unassign() if "assignedTo" in sent and assignee is None else None,
        has_seen=sent.get("hasSeen"),
        is_bookmarked=sent.get("isBookmarked"),
        is_subscribed=sent.get("isSubscribed"),
        is_public=sent.get("isPublic"),
        inbox=sent.get("inbox"),
        merge=sent.get("merge"),
        discard=sent.get("discard"),
        integration=_integration(body),
        needs=_needs(sent, assignee),
        echo=_echo(sent),
    )


def _status(sent: Mapping[str, Any]) -> StatusChange | None:
    substatus = Substatus(sent["substatus"]) if sent.get("substatus") else None
    match sent.get("status"):
        case None:
            return None
        case "unresolved":
            return Reopen(substatus if substatus in OPEN else None)
        case "ignored" | "muted":
            return Archive(substatus if substatus in ARCHIVED else None, _terms(sent))
        case status:
            return _resolve(status, sent.get("statusDetails", {}))


def _resolve(status: str, details: Mapping[str, Any]) -> StatusChange:
    """Pick the one way of resolving that counts."""
    if status == "resolvedInNextRelease" or details.get("inNextRelease"):
        return ResolveInNextRelease(by_status=status == "resolvedInNextRelease")
    if "inRelease" in details:
        return ResolveInRelease(details["inRelease"])
    return ResolveInCommit() if "inCommit" in details else ResolveNow()


def _terms(sent: Mapping[str, Any]) -> SnoozeTerms | None:
    """Read the snooze from ``statusDetails`` if that was sent, even empty, else from the top level."""
    source = sent.get("statusDetails", sent)

    def positive(name: str) -> int | None:
        value: int | None = source.get(name)
        return value if value is not None and value > 0 else None

    terms = SnoozeTerms(
        duration_minutes=positive("ignoreDuration") or positive("snoozeDuration"),
        count=positive("ignoreCount"),
        window_minutes=positive("ignoreWindow"),
        user_count=positive("ignoreUserCount"),
        user_window_minutes=positive("ignoreUserWindow"),
    )
    return terms if terms.duration_minutes or terms.count or terms.user_count else None


def _needs(sent: Mapping[str, Any], assignee: AssigneeRef | None) -> Needs:
    details = sent.get("statusDetails", {})
    commit = details.get("inCommit")
    return Needs(
        assignee=assignee,
        release=details.get("inRelease", ""),
        any_release=details.get("inNextRelease", False),
        commit=None if commit is None else CommitRef(commit.get("repository", ""), commit.get("commit", "")),
        upcoming_release=details.get("inUpcomingRelease", False),
    )


def _echo(sent: Mapping[str, Any]) -> dict[str, Any]:
    used = sent.get("status") in _ARCHIVING and "statusDetails" not in sent
    left_out = {"statusDetails"} | (_SNOOZE_FIELDS if used else frozenset())
    echo = {name: value for name, value in sent.items() if name not in left_out}
    return echo | {"assignedTo": None} if "assignedTo" in echo else echo


def _integration(body: Mapping[str, Any]) -> str:
    sent = body.get("integration")
    return sent if sent in {"slack", "msteams"} else ""
