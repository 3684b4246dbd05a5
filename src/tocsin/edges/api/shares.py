"""Issues that people share with anybody who has the link (spec/mutation.md 8.1)."""

from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.errors import NotFound
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.issue import permalink
from tocsin.edges.api.serialize.share import shared_object
from tocsin.storage.views.shares import SharedIssue, reaches, shared_issue


def show_shared_issue(call: NamedDependency[Call], share_id: FromPath[str]) -> Response[Any]:
    """Show a shared issue to anybody."""
    return _shown(call, shared_issue(call.services.views, share_id, call.now))


def show_shared_issue_of_organization(
    call: NamedDependency[Call], org: FromPath[str], share_id: FromPath[str]
) -> Response[Any]:
    """Show a shared issue of an organization to anybody."""
    shared = shared_issue(call.services.views, share_id, call.now)
    if org not in {shared.organization.slug, str(shared.organization.id)}:
        raise NotFound
    return _shown(call, shared)


def _shown(call: Call, shared: SharedIssue) -> Response[Any]:
    views, url = call.services.views, call.services.settings.public_url
    link = permalink(shared.organization, shared.issue, url) if reaches(views, call.caller_or_none, shared) else None
    return Response(shared_object(shared, link))


_TAG = "Shared issues"
_PATH = "/shared/issues/{share_id:str}"

SHARE_ROUTES = (
    Route(method="GET", paths=(_PATH,), handler=show_shared_issue, scopes=frozenset(), is_public=True, tag=_TAG),
    Route(
        method="GET",
        paths=(f"/organizations/{{org:str}}{_PATH}",),
        handler=show_shared_issue_of_organization,
        scopes=frozenset(),
        is_public=True,
        tag=_TAG,
    ),
)
