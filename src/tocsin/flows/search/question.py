"""A search made ready: everything it names looked up, every part where it is answered (spec/search.md 2.0)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.issue.issue import ProjectId, Status
from tocsin.domain.organization import Project
from tocsin.domain.query.keys import KEYS, Column
from tocsin.domain.query.pattern import Pattern
from tocsin.domain.query.resolve import resolve
from tocsin.domain.query.split import Split, split
from tocsin.domain.query.tree import And, Operator, Term
from tocsin.domain.query.window import Window
from tocsin.flows.search.conditions import SHOWN, conditions
from tocsin.flows.search.plan import Plan, plan
from tocsin.flows.search.request import IssueSearch, Sort, read_sort
from tocsin.storage.history.filters import Clause
from tocsin.storage.history.matching import matching
from tocsin.storage.history.scope import Selection
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.issue_conditions import Among, Between, Condition, Field, Order
from tocsin.storage.views.named_releases import Met, names

_PROJECT = KEYS["project"]
_INBOX_KEYS = frozenset(KEYS[name] for name in ("is", "status", "assigned_or_suggested"))
_MICROSECOND = timedelta(microseconds=1)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask of the stores."""

    plan: Plan
    sort: Sort
    window: Window
    project_ids: tuple[ProjectId, ...]
    conditions: tuple[Condition, ...]
    """On issues."""
    selection: Selection
    """The events of the window and the environments."""
    where: Clause | None = None
    """What events must meet, all of it on the same event; None when any event will do."""
    aggregates: tuple[Term, ...] = ()
    """On what the matching events add up to."""
    statuses: frozenset[str] | None = None
    """What issues must look like when they are shown; None where it does not matter."""

    @property
    def matched(self) -> Selection:
        """The events that count as a match."""
        return self.selection if self.where is None else msgspec.structs.replace(self.selection, where=self.where)


def question(connection: Transaction, wanted: IssueSearch, now: datetime, met: Met | None = None) -> Question:
    """Return what *wanted* asks; without a project left to search nothing can be found.

    *met* are the releases that ran in the environments asked for, see `tocsin.storage.views.named_releases.met_for`.

    Raises InvalidQuery for projects and short ids nobody knows, and for orders that do not go with the query.
    """
    sort = read_sort(wanted.sort)
    parts = split(wanted.query)
    _check_inbox(sort, parts)
    searched = narrowed(wanted.projects, parts.scope_terms)
    wanted = msgspec.structs.replace(wanted, projects=searched)
    window = _narrowed_window(wanted.window, parts.event_terms, now)
    chosen = plan(parts, window, has_environments=wanted.environments is not None, sort=sort, now=now)
    return Question(
        plan=chosen,
        sort=sort,
        window=window,
        project_ids=wanted.project_ids,
        conditions=(*_standing(wanted, window), *conditions(connection, parts.issue_terms, wanted, met, now)),
        selection=selection(window, wanted.environments, now),
        where=_where(connection, parts.event_terms, searched, met, now),
        aggregates=parts.aggregate_terms,
        statuses=_shown_statuses(parts),
    )


def selection(window: Window, environments: tuple[str, ...] | None, now: datetime) -> Selection:
    """Return the events of the window and the environments, None for any.

    A window until *now* leaves out no event of a client whose clock is a little ahead: such times are kept, and state,
    which knows when an issue was seen last, finds it too.
    """
    end = None if window.end >= now else window.end
    return Selection(start=window.start, end=end, environments=environments or ())


def narrowed(projects: Sequence[Project], terms: Sequence[Term]) -> tuple[Project, ...]:
    """Return those of *projects* that the terms on projects leave. Raises InvalidQuery for slugs of no project."""
    left = tuple(projects)
    for term in terms:
        if term.key == _PROJECT:
            _check_slugs(term, projects)
        left = tuple(project for project in left if _is_meant(term, project) is not term.negated)
    return left


def _is_meant(term: Term, project: Project) -> bool:
    if term.operator is Operator.PRESENT:
        return True
    name = project.slug if term.key == _PROJECT else project.id
    return any(value.matches(project.slug) if isinstance(value, Pattern) else value == name for value in term.values)


def _check_slugs(term: Term, projects: Sequence[Project]) -> None:
    known = {project.slug for project in projects}
    unknown = [value for value in term.values if isinstance(value, str) and value not in known]
    if unknown:
        raise InvalidQuery(f"Invalid query. Project(s) {', '.join(unknown)} do not exist or are not actively selected.")


def _check_inbox(sort: Sort, parts: Split) -> None:
    if sort is not Sort.INBOX:
        return
    if not any("for_review" in term.values and not term.negated for term in parts.issue_terms):
        raise InvalidQuery("Sort key 'inbox' only supported for inbox search")
    if parts.wanted_statuses != frozenset({Status.UNRESOLVED.value}):
        raise InvalidQuery("Inbox search only works for 'unresolved' status")
    strange = [str(term) for term in parts.terms if term.key not in _INBOX_KEYS]
    if strange:
        raise InvalidQuery(f"Invalid search terms for 'inbox' search: {strange}")


def _narrowed_window(window: Window, terms: Sequence[Term], now: datetime) -> Window:
    """Return the part of *window* that plain conditions on the time of events leave."""
    for term in terms:
        if term.key.source != Column("timestamp") or not term.values:
            continue
        wanted = term.date_range(now)
        if not wanted.outside:
            end = wanted.high + _MICROSECOND if wanted.high and wanted.high_inclusive else wanted.high
            window = window.narrowed(wanted.low, end)
    return window


def _standing(wanted: IssueSearch, window: Window) -> list[Condition]:
    """Return the conditions that every search has."""
    # An event in the window was seen since it began, whatever else is asked of it.
    since = Between(field=Order.LAST_SEEN, least=window.start)
    standing: list[Condition] = [Among(Field.PROJECT, wanted.project_ids), SHOWN, since]
    if wanted.issue_ids is not None:
        standing.append(Among(Field.ID, wanted.issue_ids))
    return standing


def _where(
    connection: Transaction, terms: Sequence[Term], searched: Sequence[Project], met: Met | None, now: datetime
) -> Clause | None:
    if not terms:
        return None
    expression = And(tuple(terms))
    return matching(resolve(expression, names(connection, expression, searched, met)), now=now)


def _shown_statuses(parts: Split) -> frozenset[str] | None:
    statuses = parts.wanted_statuses
    return statuses if statuses and Status.UNRESOLVED in statuses else None
