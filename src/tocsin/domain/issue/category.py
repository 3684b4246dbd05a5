"""Which kind of problem an issue is: the one place that tells errors from everything else."""

from collections.abc import Sequence
from enum import StrEnum

from tocsin.domain.errors import InvalidList
from tocsin.domain.issue.issue import Issue


class Category(StrEnum):
    """What an issue is about."""

    ERROR = "error"
    PERFORMANCE = "performance"
    CRON = "cron"
    """A job that failed or stayed away."""
    FEEDBACK = "feedback"


_NOT_ERRORS = {
    "transaction": Category.PERFORMANCE,
    "generic": Category.CRON,
    "feedback": Category.FEEDBACK,
}


_TYPES = {Category.CRON: "monitor_check_in_failure", Category.FEEDBACK: "feedback"}
NOT_ERRORS = tuple(_NOT_ERRORS)
"""Types of events that make issues which are no errors."""


def event_types_named(word: str) -> tuple[str, ...]:
    """Return the types of events whose issues have the category, or are of the type, that *word* names.

    Errors are those of all other types, so of theirs it returns none.
    """
    return tuple(one for one, found in _NOT_ERRORS.items() if word in (found, _TYPES.get(found)))


def issue_type_of(issue: Issue) -> str:
    """Return what clients call the type of *issue*."""
    return _TYPES.get(category_of(issue), "error")


def category_of(issue: Issue) -> Category:
    """Return what *issue* is about, by the type of its events: an error unless it is known to be something else."""
    return _NOT_ERRORS.get(issue.type, Category.ERROR)


def require_errors(issues: Sequence[Issue], done: str) -> None:
    """Raise InvalidList unless all *issues* are errors; *done* is what was to be done to them: ``merged``."""
    if any(category_of(issue) is not Category.ERROR for issue in issues):
        raise InvalidList([f"Only error issues can be {done}."])
