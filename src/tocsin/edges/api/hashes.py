"""The grouping hashes of an issue: list them, and move some into an issue of their own (spec/mutation.md 8.3)."""

from typing import Annotated, Any

from litestar import MediaType, Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.event.event import GroupingHash
from tocsin.domain.query.paging import page_by_offset
from tocsin.edges.api.asked import CursorText, Paging, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.issues import DELETE, READ, WRITE, issue_of
from tocsin.edges.api.paging import read_clamped_per_page, read_cursor
from tocsin.edges.api.routing import Route, issue_paths
from tocsin.edges.api.serialize.event import event_full, event_summary
from tocsin.storage.views import events
from tocsin.storage.views.events import FoundEvent

_LACKING: dict[str, Any] = {"mergedBySeer": False, "seerMatchDistance": None}
"""What stands for features that Tocsin does not have: machine opinions."""
_SHORT = frozenset({"0", "false"})

Full = Annotated[str | None, QueryParameter(name="full", description="0 or false for events without their entries.")]
PerPage = Annotated[str | None, QueryParameter(name="per_page", description="Rows of a page, at most 100.")]
Ids = Annotated[list[str] | None, QueryParameter(name="id", description="A hash; repeat for several.")]


def list_hashes(
    call: NamedDependency[Call],
    issue_id: FromPath[str],
    *,
    full: Full = None,
    per_page: PerPage = None,
    cursor: CursorText = None,
) -> Response[Any]:
    """List the grouping hashes of an issue, each with its newest event, newest first."""
    issue, _ = issue_of(call, issue_id)
    paging = Paging(cursor=read_cursor(cursor), limit=read_clamped_per_page(per_page))
    found = events.newest_by_hash(call.services.views, issue, offset=paging.offset, limit=paging.limit + 1)
    page = page_by_offset(found, paging.cursor, paging.limit)
    return paged(call, page, [_hash_object(one, full) for one in page.rows])


def move_hashes(call: NamedDependency[Call], issue_id: FromPath[str], ids: Ids = None) -> Response[None]:
    """Make one new issue of some of the grouping hashes of an issue, events and all."""
    return _move(call, issue_id, ids or [], WRITE)


def unmerge_hashes(call: NamedDependency[Call], issue_id: FromPath[str], ids: Ids = None) -> Response[None]:
    """Make one new issue of some of the grouping hashes of an issue, as older clients ask for it."""
    return _move(call, issue_id, ids or [], DELETE)


def _move(call: Call, issue_id: str, ids: list[str], wanted: frozenset[Scope]) -> Response[None]:
    issue, _ = issue_of(call, issue_id, wanted)
    if ids:
        hashes = {GroupingHash(one.strip().lower()) for one in ids}
        call.services.hashes.move(issue.id, hashes, by=call.caller.user_id, now=call.now)
    return Response(None, status_code=202 if ids else 200, media_type=MediaType.TEXT)


def _hash_object(found: FoundEvent, full: str | None) -> dict[str, Any]:
    shown = event_summary(found) if (full or "").lower() in _SHORT else event_full(found)
    return {"id": found.event.primary_hash, "latestEvent": shown, **_LACKING}


_PATHS = issue_paths("/hashes")
_TAG = "Issues"

HASH_ROUTES = (
    Route(method="GET", paths=_PATHS, handler=list_hashes, scopes=READ, tag=_TAG),
    Route(method="PUT", paths=_PATHS, handler=move_hashes, scopes=WRITE, tag=_TAG),
    Route(method="DELETE", paths=_PATHS, handler=unmerge_hashes, scopes=DELETE, tag=_TAG),
)
