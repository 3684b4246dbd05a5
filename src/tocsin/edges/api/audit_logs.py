"""The audit log of an organization: who deleted and who was let in."""

from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.audit import AuditEvent
from tocsin.domain.errors import InvalidQuery
from tocsin.domain.issue.issue import UserId
from tocsin.domain.query.paging import page_by_number
from tocsin.edges.api.asked import Paging, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.audit_entry import audit_entry_object
from tocsin.storage.views import audit

_ID_DIGITS_MAX = 18

EventName = Annotated[str | None, QueryParameter(name="event", description="Only what was done in this way.")]
ActorId = Annotated[str | None, QueryParameter(name="actor", description="Only what this user did, by id.")]


def list_audit_log(
    call: NamedDependency[Call], paging: NamedDependency[Paging], event: EventName = None, actor: ActorId = None
) -> Response[Any]:
    """List who did what in an organization that cannot be seen or undone afterwards, newest first."""
    rows = audit.page(
        call.services.views,
        call.reach.organization.id,
        event=_event(event),
        actor_id=_actor_id(actor),
        offset=paging.skipped,
        limit=paging.limit + 1,
    )
    page = page_by_number(rows, paging.cursor, paging.limit)
    return paged(call, page, {"rows": [audit_entry_object(one) for one in page.rows], "options": list(AuditEvent)})


def _event(text: str | None) -> AuditEvent | None:
    if not text:
        return None
    try:
        return AuditEvent(text)
    except ValueError:
        raise InvalidQuery(f"{text!r} is no event. The events are: {', '.join(AuditEvent)}.") from None


def _actor_id(text: str | None) -> UserId | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX):
        raise InvalidQuery("actor is no id. Give the numeric id of a user.")
    return UserId(int(text))


AUDIT_ROUTES = (
    Route(
        method="GET",
        paths=("/organizations/{org:str}/audit-logs",),
        handler=list_audit_log,
        scopes=any_of(Scope.ORG_WRITE, Scope.ORG_ADMIN),
        tag="Audit log",
    ),
)
