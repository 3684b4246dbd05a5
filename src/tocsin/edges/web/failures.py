"""Pages for what went wrong: the same refusals as the API's, told to people."""

from typing import Any

from litestar import Response, route
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from tocsin.domain.errors import NotAuthenticated, NotFound, Refusal
from tocsin.edges import problems
from tocsin.edges.services import Services
from tocsin.edges.sessions import AnyRequest
from tocsin.edges.web import links
from tocsin.edges.web.rendering import redirect, show_to_anyone
from tocsin.edges.web.visit import services_of

HEADINGS = {
    400: "That request has no meaning",
    403: "You may not do that",
    404: "There is nothing here",
    405: "That cannot be done here",
    413: "That is too much at once",
    500: "Tocsin failed",
    503: "Not right now",
}


def answer_refusal(request: AnyRequest, refusal: Refusal) -> Response[Any]:
    """Answer a refusal with a page; who is not logged in is asked to do so first."""
    services = services_of(request)
    if isinstance(refusal, NotAuthenticated):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = wanted if request.method == "GET" and wanted != "/" else ""
        return redirect(services, links.with_query("/login", [("next", back)]))
    return _page(services, problems.status_of(refusal), refusal.detail)


def answer_http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer what the framework itself declines."""
    if error.status_code >= 500:
        return answer_fault(request, error)
    return _page(services_of(request), error.status_code, error.detail)


def answer_fault(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer our own fault with a page that names the request but nothing inside."""
    request_id = str(request.scope["state"].get("request_id", ""))
    problems.report_fault(error, request_id=request_id, method=request.method, path=request.scope["path"])
    text = f"This is our fault, not yours. The log has the details under request {request_id}."
    return _page(services_of(request), 500, text)


def _page(services: Services, status: int, text: str) -> Response[str]:
    heading = HEADINGS.get(status, "That did not work")
    return show_to_anyone(services, "failure.html", status=status, code=status, heading=heading, text=text)


@route(
    ["/{rest:path}", "/organizations/{org:str}/{rest:path}"],
    http_method=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    sync_to_thread=False,
)
def nothing(request: AnyRequest, rest: FromPath[str]) -> Response[Any]:
    """Answer for every URL that means nothing: with a page, or in JSON for a program."""
    del rest
    refusal = NotFound("No page has this address. Check it, or begin at the issues.")
    if "text/html" in request.headers.get("accept", ""):
        return answer_refusal(request, refusal)
    return Response(problems.body_of(NotFound()), status_code=404)
