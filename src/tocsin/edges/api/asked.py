"""What many lists are asked by: time window, environments, projects and the part of the list.

Handlers take these as dependencies, so that each parameter is read, and documented, in one place.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from tocsin.domain.errors import Forbidden, InvalidQuery
from tocsin.domain.event.event import EventId
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import Cursor, Page, Row, page_by_number, page_number
from tocsin.domain.query.window import Window, read_window
from tocsin.edges.api.call import Call
from tocsin.edges.api.paging import paging_headers, read_cursor, read_per_page

ALL_PROJECTS = frozenset({"-1", "$all"})
CLOCK_AHEAD_MAX = timedelta(minutes=1)
"""How far in the future an event may lie, for its sender's clock is ahead: "until now" includes it."""
WINDOW_PARAMETERS = frozenset({"statsPeriod", "statsPeriodStart", "statsPeriodEnd", "start", "end"})
FLAGS = frozenset({"1", "true"})
"""How a parameter says yes."""

StatsPeriod = Annotated[
    str | None, QueryParameter(name="statsPeriod", description="Window that ends now: a number with s, m, h, d or w.")
]
Start = Annotated[
    str | None, QueryParameter(name="start", description="Start of the window, ISO 8601 or unix seconds.")
]
End = Annotated[str | None, QueryParameter(name="end", description="End of the window, ISO 8601 or unix seconds.")]
Environments = Annotated[
    list[str] | None, QueryParameter(name="environment", description="Environment; repeat for several.")
]
Projects = Annotated[
    list[str] | None, QueryParameter(name="project", description="Project id or slug; repeat for several, -1 for all.")
]
PerPage = Annotated[str | None, QueryParameter(name="per_page", description="Rows of a page, 1 to 100 (default 100).")]
CursorText = Annotated[str | None, QueryParameter(name="cursor", description="Where to go on, from a Link header.")]
SearchText = Annotated[str | None, QueryParameter(name="query", description="What to search for.")]
SortText = Annotated[str | None, QueryParameter(name="sort", description="What to sort by.")]


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list is asked for."""

    cursor: Cursor | None
    limit: int

    @property
    def offset(self) -> int:
        """Where a list of the row-offset family goes on."""
        return max(self.cursor.offset, 0) if self.cursor else 0

    @property
    def skipped(self) -> int:
        """How many rows the pages before this one have, in a list of the page-number family."""
        return page_number(self.cursor) * self.limit

    def numbered(self, rows: Sequence[Row]) -> Page[Row]:
        """Return the page of the whole list *rows* that is asked for, in the page-number family."""
        return page_by_number(rows[self.skipped : self.skipped + self.limit + 1], self.cursor, self.limit)


def window(
    call: NamedDependency[Call], stats_period: StatsPeriod = None, start: Start = None, end: End = None
) -> Window:
    """Return the window asked for, 90 days by default (spec/search.md 3.2). Raises InvalidQuery."""
    asked = read_window(
        stats_period,
        start,
        end,
        call.now,
        stats_period_start=call.one("statsPeriodStart"),
        stats_period_end=call.one("statsPeriodEnd"),
        retention_days=call.services.settings.retention_days,
    )
    return msgspec.structs.replace(asked, end=call.now + CLOCK_AHEAD_MAX) if asked.end == call.now else asked


def has_window(call: Call) -> bool:
    """Say whether the caller asks for a window at all."""
    return any(key in WINDOW_PARAMETERS and value for key, value in call.query)


# All of them ask for the call, needed or not: who the caller is comes before what was asked.


def environments(call: NamedDependency[Call], environment: Environments = None) -> tuple[str, ...]:  # noqa: ARG001 - see above
    """Return the environments asked for; none means any."""
    return tuple(environment or ())


def projects(call: NamedDependency[Call], wanted: Projects = None) -> tuple[Project, ...]:
    """Return the projects asked for, all that the caller may see by default. Raises Forbidden for any other."""
    if not wanted or ALL_PROJECTS & set(wanted):
        return call.reach.projects
    found = [call.reach.project(reference) for reference in wanted]
    chosen = tuple(one for one in found if one is not None)
    if len(chosen) < len(found):
        raise Forbidden
    return chosen


def paging(
    call: NamedDependency[Call],  # noqa: ARG001 - see above
    cursor: CursorText = None,
    per_page: PerPage = None,
) -> Paging:
    """Return the part of the list asked for (spec/search.md 4.1). Raises InvalidQuery."""
    return Paging(cursor=read_cursor(cursor), limit=read_per_page(per_page))


DEPENDENCIES = {
    "window": Provide(window, sync_to_thread=False),
    "environments": Provide(environments, sync_to_thread=False),
    "projects": Provide(projects, sync_to_thread=False),
    "paging": Provide(paging, sync_to_thread=False),
}


def says_yes(text: str | None) -> bool:
    """Say whether a parameter is set: only ``1`` and ``true`` count."""
    return text in FLAGS


def read_event_id(text: str) -> EventId | None:
    """Return the event id in any spelling of a UUID, None for any other text."""
    try:
        return EventId(UUID(text).hex)
    except ValueError:
        return None


def require_event_id(text: str) -> EventId:
    """Return the event id. Raises InvalidQuery for a text that cannot be one."""
    event_id = read_event_id(text)
    if event_id is None:
        raise InvalidQuery(
            "Event ID must be a valid UUID hex"
            " (32-36 characters long, containing only digits, dashes, or a-f characters)"
        )
    return event_id


def paged(call: Call, page: Page[Any], body: Any) -> Response[Any]:
    """Return *body*, which shows the rows of *page*, with the headers that lead to its neighbours."""
    return Response(body, headers=paging_headers(call.services.settings.public_url, call.path, call.query, page))
