"""What a form did, told on the page that follows: it travels in a cookie that lives for one page."""

from urllib.parse import quote, unquote

import msgspec
from litestar.datastructures import Cookie

NOTICE_COOKIE = "tocsin_notice"
NOTICE_SECONDS = 20
_TEXT_CHARS_MAX = 400


class Notice(msgspec.Struct, frozen=True):
    """One sentence about what was done, or why it was not."""

    text: str
    is_refusal: bool = False
    mutation_id: int = 0
    """What can be undone from the notice; 0 for nothing."""


def read_notice(cookie: str) -> Notice | None:
    """Return the notice in a cookie, None when there is none that can be read."""
    if not cookie:
        return None
    try:
        return msgspec.json.decode(unquote(cookie), type=Notice)
    except msgspec.DecodeError:
        return None


def notice_cookie(notice: Notice, *, secure: bool) -> Cookie:
    """Return the cookie that carries *notice* to the next page."""
    shown = msgspec.structs.replace(notice, text=notice.text[:_TEXT_CHARS_MAX])
    value = quote(msgspec.json.encode(shown))
    return Cookie(NOTICE_COOKIE, value=value, max_age=NOTICE_SECONDS, httponly=True, samesite="lax", secure=secure)


def cleared_notice() -> Cookie:
    """Return the cookie that ends a notice which was shown."""
    return Cookie(NOTICE_COOKIE, value="", max_age=0, httponly=True, samesite="lax")
