"""What became of what was sent, hour by hour (spec/search.md 5.16, spec/ingest.md 6.9)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.organization import Project
from tocsin.domain.outcome import ERRORS, Category, Verdict
from tocsin.domain.query.window import EPOCH, Grid, Window, aligned_grid, read_period
from tocsin.edges.api.asked import has_window
from tocsin.edges.api.call import Call
from tocsin.edges.api.projects import ORGANIZATION_READ
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.instants import iso
from tocsin.storage.views import outcomes
from tocsin.storage.views.outcomes import Asked, Counts, Dimension

FIELDS = ("sum(quantity)", "sum(times_seen)")
GROUPS: Mapping[str, Dimension] = {
    "project": Dimension.PROJECT,
    "outcome": Dimension.VERDICT,
    "category": Dimension.CATEGORY,
    "reason": Dimension.REASON,
    "key": Dimension.KEY,
}
ERROR = "error"
"""What errors, messages and security reports are called together."""
NO_REASON = "none"
_HOUR = 3600

GroupBy = Annotated[
    list[str] | None, QueryParameter(name="groupBy", description="project, outcome, category, reason, key.")
]
Fields = Annotated[list[str] | None, QueryParameter(name="field", description="sum(quantity) or sum(times_seen).")]
Interval = Annotated[str | None, QueryParameter(name="interval", description="Length of the intervals: 1h or longer.")]
Outcomes = Annotated[
    list[str] | None, QueryParameter(name="outcome", description="accepted, filtered, rate_limited, invalid …; repeat.")
]
Categories = Annotated[
    list[str] | None, QueryParameter(name="category", description="error, transaction, attachment, session …; repeat.")
]
Reasons = Annotated[list[str] | None, QueryParameter(name="reason", description="Why; repeat for several.")]
Keys = Annotated[list[str] | None, QueryParameter(name="key", description="Public key that was sent with; repeat.")]


class _Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What the counts are about."""

    verdicts: tuple[Verdict, ...]
    categories: tuple[Category, ...]
    reasons: tuple[str, ...]
    public_keys: tuple[str, ...]


def show_outcomes(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    *,
    group_by: GroupBy = None,
    fields: Fields = None,
    interval: Interval = None,
    outcome: Outcomes = None,
    category: Categories = None,
    reason: Reasons = None,
    key: Keys = None,
) -> Response[Any]:
    """Count what was sent by what became of it: by project, outcome, category, reason and key."""
    _check("field", fields, FIELDS)
    _check("groupBy", group_by, tuple(GROUPS))
    chosen = _Chosen(
        verdicts=_verdicts(outcome),
        categories=_categories(category),
        reasons=_reasons(reason),
        public_keys=tuple(key or ()),
    )
    grid = aligned_grid(_window(call, window), _interval(interval))
    by = list(dict.fromkeys(group_by or ()))
    counts = outcomes.over_time(
        call.services.views, _asked(projects, grid, chosen), [GROUPS[name] for name in by], grid
    )
    starts = [iso(EPOCH + timedelta(seconds=start)) for start in grid.starts]
    return Response(
        {
            "start": starts[0],
            "end": iso(EPOCH + timedelta(seconds=grid.starts.stop)),
            "intervals": starts,
            "groups": [_group(one, fields or (), series) for one, series in _named(by, counts)],
        }
    )


def _asked(projects: Sequence[Project], grid: Grid, chosen: _Chosen) -> Asked:
    return Asked(
        project_ids=[project.id for project in projects],
        start=EPOCH + timedelta(seconds=grid.starts[0]),
        end=EPOCH + timedelta(seconds=grid.starts.stop),
        verdicts=chosen.verdicts,
        categories=chosen.categories,
        reasons=chosen.reasons,
        public_keys=chosen.public_keys,
    )


def _window(call: Call, window: Window) -> Window:
    if not has_window(call):
        window = Window(start=window.end - timedelta(days=1), end=window.end)
    # The end of a window that lasts until now lies a little ahead.
    return msgspec.structs.replace(window, end=min(window.end, call.now))


def _interval(text: str | None) -> int:
    seconds = int(read_period(text).total_seconds()) if text else _HOUR
    if seconds < _HOUR or seconds % _HOUR:
        raise InvalidQuery("The interval must be full hours, such as 1h or 1d: counts are kept by the hour.")
    return seconds


def _check(name: str, words: Sequence[str] | None, known: Sequence[str]) -> None:
    if not words:
        raise InvalidQuery(f'At least one "{name}" is required.')
    for word in words:
        if word not in known:
            raise InvalidQuery(f'Invalid {name}: "{word}". Valid choices are {", ".join(known)}.')


def _verdicts(words: Sequence[str] | None) -> tuple[Verdict, ...]:
    if words:
        _check("outcome", words, tuple(Verdict))
    return tuple(Verdict(word) for word in words or ())


def _categories(words: Sequence[str] | None) -> tuple[Category, ...]:
    if words:
        _check("category", words, tuple(Category))
    known = [ERRORS if word == ERROR else {Category(word)} for word in words or ()]
    return tuple(sorted(set().union(*known)))


def _reasons(words: Sequence[str] | None) -> tuple[str, ...]:
    return tuple("" if word == NO_REASON else word for word in words or ())


def _named(by: Sequence[str], counts: Counts) -> list[tuple[dict[str, Any], Sequence[int]]]:
    """Return what each group is called, and its counts; kinds of errors are one."""
    together: dict[tuple[Any, ...], list[int]] = {}
    for values, series in counts.items():
        called = tuple(_called(name, value) for name, value in zip(by, values, strict=True))
        known = together.get(called)
        together[called] = [sum(pair) for pair in zip(known, series, strict=True)] if known else list(series)
    return [(dict(zip(by, called, strict=True)), together[called]) for called in sorted(together)]


def _called(name: str, value: Any) -> Any:
    if name == "category" and value in ERRORS:
        return ERROR
    return NO_REASON if name == "reason" and not value else value


def _group(by: dict[str, Any], fields: Sequence[str], series: Sequence[int]) -> dict[str, Any]:
    return {
        "by": by,
        "totals": {field: sum(series) for field in fields},
        "series": {field: list(series) for field in fields},
    }


OUTCOME_ROUTES = (
    Route(
        method="GET",
        paths=("/organizations/{org:str}/stats_v2",),
        handler=show_outcomes,
        scopes=ORGANIZATION_READ,
        tag="Statistics",
    ),
)
