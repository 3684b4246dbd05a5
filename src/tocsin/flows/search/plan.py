"""Which store is asked first (spec/search.md 2.0): that depends on the search alone, never on what is stored."""

from datetime import datetime
from enum import Enum

from tocsin.domain.query.split import Split
from tocsin.domain.query.window import Window
from tocsin.flows.search.request import Sort


class Plan(Enum):
    """How a search is carried out."""

    STATE = "state"
    """State alone says which issues are found and in which order; history is asked for the figures of a page."""
    HISTORY = "history"
    """History says which issues have matching events and what these add up to; state decides the rest."""


_STATE_KNOWS = frozenset({Sort.DATE, Sort.NEW, Sort.INBOX})
"""Orders that issues carry in them."""


def plan(parts: Split, window: Window, *, has_environments: bool, sort: Sort, now: datetime) -> Plan:
    """Return the cheaper plan that gives the right answer.

    State keeps the latest event of each issue, whatever its environment: it can tell whether an issue has any event in
    a window that lasts until *now*, and nothing about single events.
    """
    is_about_events = bool(parts.event_terms or parts.aggregate_terms or has_environments)
    if is_about_events or window.end < now or sort not in _STATE_KNOWS:
        return Plan.HISTORY
    return Plan.STATE
