"""From the terms about issues to conditions that state can check (spec/search.md 2.2, 2.3)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.issue.category import NOT_ERRORS, event_types_named
from tocsin.domain.issue.issue import IssueId, Priority, Status, Substatus, TeamId, UserId
from tocsin.domain.query.dates import DateRange
from tocsin.domain.query.resolve import LATEST
from tocsin.domain.query.tree import Operator, Term
from tocsin.flows.search import names
from tocsin.flows.search.request import IssueSearch
from tocsin.storage.state import issues, teams, users
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.issue_conditions import (
    AllOf,
    Among,
    AnyOf,
    AssignedTo,
    Between,
    BookmarkedBy,
    Condition,
    Field,
    FirstReleaseIn,
    FirstSeenIn,
    InInbox,
    Marked,
    Not,
    Order,
    RegressedIn,
    SubscribedBy,
    Suggested,
    SuggestedTo,
    Unassigned,
)
from tocsin.storage.views import named_releases
from tocsin.storage.views.named_releases import Met

INBOX_DAYS = 7
"""How long issues wait for review before ``is:for_review`` forgets them."""

_LAPSED_MAX = 1000
"""Of so many issues it is noticed that their snooze is over before the clock wakes them."""

NEVER = AnyOf(())
ALWAYS = Not(NEVER)

SHOWN = Among(Field.STATUS, (Status.UNRESOLVED, Status.RESOLVED, Status.IGNORED))
"""What nobody is deleting or merging away (rule 8)."""


class _Asking(msgspec.Struct, frozen=True, kw_only=True):
    """A search, and where to look up what it names."""

    connection: Transaction
    wanted: IssueSearch
    met: Met | None
    now: datetime


def conditions(
    connection: Transaction, terms: Sequence[Term], wanted: IssueSearch, met: Met | None, now: datetime
) -> tuple[Condition, ...]:
    """Return the conditions that *terms* put on issues; *wanted* tells who asks and what is searched.

    The latest release is one of those *met*, where that is given.

    Raises InvalidQuery for a short id that names nothing.
    """
    asking = _Asking(connection=connection, wanted=wanted, met=met, now=now)
    return tuple(_condition(term, asking) for term in terms)


def _condition(term: Term, asking: _Asking) -> Condition:
    met = _READERS[term.key.name](term, asking)
    # A date range has the negation in it.
    return Not(met) if term.negated and term.key.name != "first_seen" else met


def _texts(term: Term) -> tuple[str, ...]:
    return tuple(map(str, term.values))


def _is_present(term: Term) -> bool:
    return term.operator is Operator.PRESENT


def _keyword(term: Term, asking: _Asking) -> Condition:
    # Nothing is linked to another tracker yet.
    return InInbox(asking.now - timedelta(days=INBOX_DAYS)) if "for_review" in term.values else NEVER


def _status(term: Term, asking: _Asking) -> Condition:
    if _is_present(term):
        return ALWAYS
    known = {status.value for status in Status}
    wanted = {Status(word) for word in _texts(term) if word in known}
    kept = Among(Field.STATUS, tuple(sorted(wanted)))
    if (Status.UNRESOLVED in wanted) is (Status.IGNORED in wanted):
        return kept
    lapsed = _lapsed(asking)
    if lapsed is None:
        return kept
    return AnyOf((kept, lapsed)) if Status.UNRESOLVED in wanted else Not(AnyOf((Not(kept), lapsed)))


def _lapsed(asking: _Asking) -> Condition | None:
    """Return which issues are shown unresolved although they are kept as ignored; None when, as mostly, none is.

    They are those whose snooze was over since the clock last woke issues.
    """
    found = issues.with_lapsed_snooze(asking.connection, asking.now, _LAPSED_MAX, project_ids=asking.wanted.project_ids)
    return Among(Field.ID, tuple(found)) if found else None


def _substatus(term: Term, _asking: _Asking) -> Condition:
    wanted = Substatus if _is_present(term) else map(Substatus, _texts(term))
    return Among(Field.SUBSTATUS, tuple(wanted))


def _priority(term: Term, _asking: _Asking) -> Condition:
    wanted = Priority if _is_present(term) else map(Priority, _texts(term))
    return Among(Field.PRIORITY, tuple(wanted))


def _category(term: Term, _asking: _Asking) -> Condition:
    """Look for issues by category, or by type: errors are those that are nothing else."""
    if _is_present(term):
        return ALWAYS
    named = tuple(one for word in _texts(term) for one in event_types_named(word))
    found: Condition = Among(Field.TYPE, named) if named else NEVER
    return AnyOf((found, Not(Among(Field.TYPE, NOT_ERRORS)))) if "error" in term.values else found


def _assigned(term: Term, asking: _Asking) -> Condition:
    if _is_present(term):
        return Not(Unassigned())
    return AnyOf(tuple(_assigned_to(name, asking) for name in _texts(term)))


def _assigned_to(name: str, asking: _Asking) -> Condition:
    return Unassigned() if name == "none" else _people(name, asking)


def _assigned_or_suggested(term: Term, asking: _Asking) -> Condition:
    if _is_present(term):
        return AnyOf((Not(Unassigned()), Suggested()))
    return AnyOf(tuple(_assigned_or_suggested_to(name, asking) for name in _texts(term)))


def _assigned_or_suggested_to(name: str, asking: _Asking) -> Condition:
    """Return the condition that *name* has the issue, or is suggested for it while nobody has it."""
    if name == "none":
        return AllOf((Unassigned(), Not(Suggested())))
    people = _people(name, asking)
    suggested = SuggestedTo(user_ids=people.user_ids, team_ids=people.team_ids)
    return AnyOf((people, AllOf((Unassigned(), suggested))))


def _people(name: str, asking: _Asking) -> AssignedTo:
    """Return whom *name* means: a user together with their teams, or teams alone."""
    viewer = asking.wanted.viewer
    match name:
        case "me":
            return AssignedTo(user_ids=_user_ids(["me"], asking), team_ids=viewer.team_ids)
        case "my_teams":
            return AssignedTo(team_ids=viewer.team_ids)
        case _ if name.startswith("#"):
            return AssignedTo(team_ids=names.team_ids(asking.connection, name[1:], asking.wanted.project_ids))
        case _:
            user_ids = _user_ids([name], asking)
            return AssignedTo(user_ids=user_ids, team_ids=_teams_of(user_ids, asking))


def _teams_of(user_ids: Sequence[UserId], asking: _Asking) -> tuple[TeamId, ...]:
    return tuple({team_id for user_id in user_ids for team_id in teams.of_user(asking.connection, user_id)})


def _user_ids(people: Sequence[str], asking: _Asking) -> tuple[UserId, ...]:
    """Return the users meant by ``me``, a username or an e-mail address; nobody for names that nobody has."""
    viewer_id = asking.wanted.viewer.user_id
    known = [users.by_name(asking.connection, name) for name in people if name != "me"]
    own = (viewer_id,) if "me" in people and viewer_id is not None else ()
    return (*(user.id for user in known if user), *own)


def _bookmarked(term: Term, asking: _Asking) -> Condition:
    return Marked("bookmark") if _is_present(term) else BookmarkedBy(_user_ids(_texts(term), asking))


def _subscribed(term: Term, asking: _Asking) -> Condition:
    return Marked("subscription") if _is_present(term) else SubscribedBy(_user_ids(_texts(term), asking))


def _first_seen(term: Term, asking: _Asking) -> Condition:
    if _is_present(term):
        return Not(ALWAYS) if term.negated else ALWAYS
    wanted = term.date_range(asking.now)
    within = _first_seen_within(wanted, asking.wanted)
    return Not(within) if wanted.outside else within


def _first_seen_within(wanted: DateRange, search: IssueSearch) -> Condition:
    bounds = {
        "least" if wanted.low_inclusive else "above": wanted.low,
        "most" if wanted.high_inclusive else "below": wanted.high,
    }
    if search.environments is None:
        return Between(field=Order.FIRST_SEEN, **bounds)
    return FirstSeenIn(organization_id=search.organization_id, environments=search.environments, **bounds)


def _first_release(term: Term, asking: _Asking) -> Condition:
    if _is_present(term):
        return Not(Among(Field.FIRST_RELEASE, ("",)))
    versions = [version for version in _texts(term) if version != LATEST]
    if LATEST in term.values:
        versions += named_releases.latest_versions(asking.connection, asking.wanted.project_ids, asking.met)
    search = asking.wanted
    if search.environments is None:
        return Among(Field.FIRST_RELEASE, tuple(versions))
    return FirstReleaseIn(
        organization_id=search.organization_id, environments=search.environments, versions=tuple(versions)
    )


def _regressed_in(term: Term, _asking: _Asking) -> Condition:
    return RegressedIn(None if _is_present(term) else _texts(term))


def _short_id(term: Term, asking: _Asking) -> Condition:
    if _is_present(term):
        return ALWAYS
    found = names.issue_ids(asking.connection, _texts(term), asking.wanted.organization_id)
    known: list[IssueId] = []
    for issue_id in found.values():
        if issue_id is None:
            raise InvalidQuery(f"Invalid value '{list(found)}' for 'issue:' filter")
        known.append(issue_id)
    return Among(Field.ID, tuple(known))


def _issue_id(term: Term, asking: _Asking) -> Condition:
    """Look for issues by id; for one that was merged away, look for its survivor."""
    if _is_present(term):
        return ALWAYS
    wanted = [IssueId(value) for value in term.values if isinstance(value, int)]
    survivors = issues.survivors(asking.connection, wanted)
    return Among(Field.ID, tuple(survivors.get(issue_id, issue_id) for issue_id in wanted))


_READERS: Mapping[str, Callable[[Term, _Asking], Condition]] = {
    "is": _keyword,
    "status": _status,
    "substatus": _substatus,
    "assigned_to": _assigned,
    "assigned_or_suggested": _assigned_or_suggested,
    "bookmarked_by": _bookmarked,
    "subscribed_by": _subscribed,
    "first_seen": _first_seen,
    "first_release": _first_release,
    "regressed_in_release": _regressed_in,
    "issue": _short_id,
    "issue.id": _issue_id,
    "issue.category": _category,
    "issue.type": _category,
    "issue.priority": _priority,
}
