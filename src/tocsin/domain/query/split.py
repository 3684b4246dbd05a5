"""Which part of an issue search is answered where, and what its ``is:`` words stand for (spec/search.md 2.0, 2.2)."""

import msgspec

from tocsin.domain.issue.issue import Status, Substatus
from tocsin.domain.query.keys import ASSIGNED_TO, IS, STATUS, SUBSTATUS, Key, Level
from tocsin.domain.query.tree import Operator, Query, Term

STATUS_OF: dict[Substatus, Status] = {
    Substatus.NEW: Status.UNRESOLVED,
    Substatus.ONGOING: Status.UNRESOLVED,
    Substatus.REGRESSED: Status.UNRESOLVED,
    Substatus.ESCALATING: Status.UNRESOLVED,
    Substatus.ARCHIVED_FOREVER: Status.IGNORED,
    Substatus.ARCHIVED_UNTIL_ESCALATING: Status.IGNORED,
    Substatus.ARCHIVED_UNTIL_CONDITION_MET: Status.IGNORED,
}
"""The status that issues of a substatus have."""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """An issue search sorted by where its terms are evaluated; all of them must hold."""

    scope_terms: tuple[Term, ...] = ()
    """Which projects to search."""
    issue_terms: tuple[Term, ...] = ()
    """On issues. Of ``is:`` only ``linked`` and ``for_review`` are left, each possibly negated."""
    event_terms: tuple[Term, ...] = ()
    """On events, all on the same one."""
    aggregate_terms: tuple[Term, ...] = ()
    """On what the matching events add up to."""

    @property
    def terms(self) -> tuple[Term, ...]:
        """All terms, whatever their level."""
        return (*self.scope_terms, *self.issue_terms, *self.event_terms, *self.aggregate_terms)

    @property
    def wanted_statuses(self) -> frozenset[str] | None:
        """The statuses asked for, for the final check of 2.0; None where no term names any."""
        wanted = [frozenset(map(str, term.values)) for term in self.issue_terms if _names_values(term, STATUS)]
        return frozenset.intersection(*wanted) if wanted else None


def split(query: Query) -> Split:
    """Return the terms of *query* by level, ``is:`` spelt out and the status that a substatus implies added."""
    terms = _with_implied_status(tuple(map(spell_out, query.terms)))

    def of(level: Level) -> tuple[Term, ...]:
        return tuple(term for term in terms if term.key.level is level)

    return Split(
        scope_terms=of(Level.SCOPE),
        issue_terms=of(Level.ISSUE),
        event_terms=of(Level.EVENT),
        aggregate_terms=of(Level.AGGREGATE),
    )


def spell_out(term: Term) -> Term:
    """Return *term* with an ``is:`` word replaced by what it means, as far as another key can say it."""
    if term.key != IS:
        return term
    match word := str(term.values[0]):
        case "assigned" | "unassigned":
            negated = term.negated is (word == "assigned")
            return Term(key=ASSIGNED_TO, operator=Operator.PRESENT, negated=negated)
        case "linked" | "unlinked":
            return Term(key=IS, values=("linked",), negated=term.negated is (word == "linked"))
        case "for_review":
            return term
        case _:
            return msgspec.structs.replace(term, key=SUBSTATUS if word in STATUS_OF else STATUS)


def _with_implied_status(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return *terms* with the status that goes with the first substatus, unless some status is asked for.

    A substatus that is excluded implies nothing.
    """
    if any(term.key == STATUS for term in terms):
        return terms
    implied = [STATUS_OF[Substatus(str(term.values[0]))] for term in terms if _names_values(term, SUBSTATUS)]
    return (*terms, Term(key=STATUS, values=(implied[0].value,))) if implied else terms


def _names_values(term: Term, key: Key) -> bool:
    return term.key == key and term.operator is Operator.EQUALS and not term.negated
