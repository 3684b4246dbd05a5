"""The front door: on to the issues."""

from litestar import Response, get
from litestar.di import NamedDependency

from tocsin.edges.web import links
from tocsin.edges.web.rendering import redirect, show
from tocsin.edges.web.visit import Visit
from tocsin.storage.views import organizations


@get("/", sync_to_thread=True)
def home(visit: NamedDependency[Visit]) -> Response[str]:
    """Go on to the issues of the caller's newest organization, or explain how to get into one."""
    known = organizations.organizations_of(visit.services.views, visit.caller)
    if known:
        return redirect(visit.services, links.stream(known[0].slug))
    return show(visit, "home.html")
