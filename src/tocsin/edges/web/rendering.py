"""From a template to an HTML answer, with the headers that keep foreign scripts out."""

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response
from litestar.response import Redirect

from tocsin.edges.services import Services
from tocsin.edges.web import links, words
from tocsin.edges.web.notices import Notice, cleared_notice, notice_cookie
from tocsin.edges.web.visit import Visit

Html = Response[str]

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


def show(visit: Visit, template: str, *, status: int = 200, **context: Any) -> Html:
    """Return a page of somebody who is logged in; *context* are the template's own values."""
    answer = show_to_anyone(visit.services, template, status=status, visit=visit, **context)
    if visit.notice is not None:
        answer.set_cookie(cleared_notice())
    return answer


def show_to_anyone(services: Services, template: str, *, status: int = 200, **context: Any) -> Html:
    """Return a page that needs no log-in."""
    root = urlsplit(services.settings.public_url).path
    page = _environment(root).get_template(template).render(now=services.clock(), **context)
    return Response(page, status_code=status, media_type=MediaType.HTML, headers=HEADERS)


def redirect(services: Services, path: str, notice: Notice | None = None) -> Redirect:
    """Send the browser to *path* of ours, after a form with 303, so that a reload does not send the form again."""
    answer = Redirect(urlsplit(services.settings.public_url).path + path, status_code=303, headers=HEADERS)
    if notice is not None:
        answer.set_cookie(notice_cookie(notice, secure=secure_cookies(services)))
    return answer


def secure_cookies(services: Services) -> bool:
    """Say whether cookies may travel over https only."""
    return services.settings.secure_cookies or services.settings.public_url.startswith("https:")


@cache
def _environment(root: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"root": root, "asset": lambda name: f"{root}/static/{name}?v={_version(name)}"}
    environment.filters |= words.FILTERS | links.FILTERS
    return environment


@cache
def _version(name: str) -> str:
    """Return a digest of a static file's content, so that browsers may keep each version for ever."""
    path = STATIC / name
    return blake2b(path.read_bytes(), digest_size=6).hexdigest() if path.is_file() else "none"
