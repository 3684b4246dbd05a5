"""Log in and out."""

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import Cookie
from litestar.di import NamedDependency

from tocsin.domain.errors import NotAuthenticated
from tocsin.edges.bodies import read_body
from tocsin.edges.services import Services
from tocsin.edges.sessions import SESSION_COOKIE, AnyRequest, address_of
from tocsin.edges.web import links
from tocsin.edges.web.attempts import attempts_of
from tocsin.edges.web.forms import Form
from tocsin.edges.web.rendering import Html, redirect, secure_cookies, show_to_anyone
from tocsin.edges.web.visit import Visit, check_same_origin, services_of

FORM_BYTES_MAX = 16 * 1024
_SECONDS_PER_DAY = 86_400


@get("/login", sync_to_thread=True)
def login(request: AnyRequest) -> Html:
    """Show the log-in form."""
    return _form(services_of(request), Form((("next", request.query_params.get("next", "")),)))


@post("/login", status_code=200)
async def log_in(request: AnyRequest) -> Response[str]:
    """Begin a session, or say why not: 401 for a wrong password, 429 after too many of them."""
    check_same_origin(request)
    form = Form.read(await read_body(request, FORM_BYTES_MAX))
    return await sync_to_thread(_log_in, request, form)


@post("/logout", status_code=200, sync_to_thread=True)
def log_out(visit: NamedDependency[Visit]) -> Response[str]:
    """End the session."""
    visit.services.authenticate.log_out(visit.session)
    answer = redirect(visit.services, "/login")
    answer.set_cookie(_session_cookie(visit.services, "", seconds=0))
    return answer


def _log_in(request: AnyRequest, form: Form) -> Response[str]:
    services, attempts, address = services_of(request), attempts_of(request), address_of(request, services_of(request))
    now = services.clock()
    wait_seconds = attempts.note(address, now)
    if wait_seconds:
        text = f"Too many attempts from your address. Try again in {wait_seconds} seconds."
        answer = _form(services, form, text, status=429)
        answer.headers["Retry-After"] = str(wait_seconds)
        return answer
    try:
        secret = services.authenticate.log_in(form.one("email"), form.one("password"), now)
    except NotAuthenticated as refusal:
        return _form(services, form, refusal.detail, status=401)
    attempts.forget(address)
    wanted = form.one("next")
    answer = redirect(services, wanted if links.is_local(wanted) else "/")
    seconds = services.settings.session_days * _SECONDS_PER_DAY
    answer.set_cookie(_session_cookie(services, secret, seconds=seconds))
    return answer


def _form(services: Services, form: Form, problem: str = "", *, status: int = 200) -> Html:
    return show_to_anyone(
        services, "login.html", status=status, email=form.one("email"), next=form.one("next"), problem=problem
    )


def _session_cookie(services: Services, secret: str, *, seconds: int) -> Cookie:
    return Cookie(
        SESSION_COOKIE, value=secret, max_age=seconds, httponly=True, samesite="lax", secure=secure_cookies(services)
    )
