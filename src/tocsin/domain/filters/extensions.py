"""Errors that browser extensions and their like cause on other people's pages (``browser-extensions``)."""

import re
from collections.abc import Mapping
from typing import Any

from tocsin.domain.filters.evidence import exceptions, newest_source

_MESSAGES = re.compile(
    "|".join(
        re.escape(text)
        for text in (
            *("top.GLOBALS", "originalCreateNotification", "canvas.contentDocument", "MyApp_RemoveAllHighlights"),
            *("http://tt.epicplay.com", "tt.epicplay.com", "Can't find variable: ZiteReader", "ZiteReader"),
            *("jigsaw is not defined", "ComboSearch is not defined", "http://loading.retry.widdit.com/"),
            *("loading.retry.widdit.com", "atomicFindClose", "fb_xd_fragment", "bmi_SafeAddOnload"),
            *("EBCallBackMessageReceived", "_gCrWeb", "conduitPage"),
            *("null is not an object (evaluating 'elt.parentNode')", "plugin.setSuspendState"),
            *("Extension context invalidated", "webkit-masked-url:", "can't access dead object"),
        )
    ),
    re.IGNORECASE,
)
_SOURCES = re.compile(
    r"(?:chrome|chrome-extension|moz-extension|safari-extension|safari-web-extension)://"
    r"|.*(?:graph\.facebook\.com|connect\.facebook\.net|eatdifferent\.com\.woopra-ns\.com|static\.woopra\.com"
    r"|127\.0\.0\.1:4001/isrunning|webappstoolbarba\.texthelp\.com|metrics\.itunes\.apple\.com"
    r"|kaspersky-labs\.com|webkit-masked-url:)",
    re.IGNORECASE | re.DOTALL,
)
_PREFIX_MAX = 2048
"""How far into a text the words are looked for."""


def is_of_extension(event: Mapping[str, Any]) -> bool:
    """Say whether the first exception is an extension's: by what it says, or by where its newest frame is."""
    for exception in exceptions(event)[:1]:
        if _MESSAGES.search(str(exception.get("value") or "")[:_PREFIX_MAX]):
            return True
        return _SOURCES.match(newest_source(exception)[:_PREFIX_MAX]) is not None
    return False
