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


def category_of(issue: Issue) -> Category:
    """Return what *issue* is about, by the type of its events: an error unless it is known to be something else."""
    return _NOT_ERRORS.get(issue.type, Category.ERROR)


def require_errors(issues: Sequence[Issue], done: str) -> None:
    """Raise InvalidList unless all *issues* are errors; *done* is what was to be done to them: ``merged``."""
    if any(category_of(issue) is not Category.ERROR for issue in issues):
        raise InvalidList([f"Only error issues can be {done}."])
