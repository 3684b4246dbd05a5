"""The page of a shared issue: for anybody who has the link, with nothing to do on it."""

from litestar import get
from litestar.params import FromPath

from tocsin.domain.issue.short_id import encode
from tocsin.edges.sessions import AnyRequest, authenticate_if_any
from tocsin.edges.web import links
from tocsin.edges.web.evidence import evidence
from tocsin.edges.web.rendering import Html, show_to_anyone
from tocsin.edges.web.stream import heading_of
from tocsin.edges.web.visit import services_of
from tocsin.storage.views.shares import reaches, shared_issue


@get("/share/issue/{share_id:str}", sync_to_thread=True)
def shared_page(request: AnyRequest, share_id: FromPath[str]) -> Html:
    """Show what went wrong in a shared issue; who may see all of it is led there."""
    services = services_of(request)
    now = services.clock()
    shared = shared_issue(services.views, share_id, now)
    caller = authenticate_if_any(request, services, now)
    is_reached = reaches(services.views, caller, shared)
    answer = show_to_anyone(
        services,
        "shared.html",
        shared=shared,
        heading=heading_of(shared.issue),
        short_id=encode(shared.project.slug, shared.issue.number),
        event=shared.event.event if shared.event else None,
        evidence=evidence(shared.event.event.payload) if shared.event else None,
        whole_url=links.issue(shared.organization.slug, shared.issue.id) if is_reached else "",
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
