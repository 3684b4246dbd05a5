"""The filter options of a project, as people set them (spec/search.md 5.10; ``filters/`` routes)."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Final

from tocsin.domain.errors import Malformed
from tocsin.domain.filters.filters import DEFAULTS, LEGACY, LEGACY_BROWSERS, USUAL_LEGACY_BROWSERS, option_name
from tocsin.domain.filters.globs import compiled
from tocsin.domain.issue.fields import Reader, Rejected, boolean

LINES_MAX: Final = 200
LINE_CHARS_MAX: Final = 400


def _lines(value: Any) -> list[str]:
    """Read a list of texts, or a text with one on each line."""
    lines = value.splitlines() if isinstance(value, str) else (value or [])
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Rejected(["Must be a list of texts, or a text with one on each line."])
    kept = list(dict.fromkeys(filter(None, (line.strip() for line in lines))))
    if len(kept) > LINES_MAX or any(len(line) > LINE_CHARS_MAX for line in kept):
        raise Rejected([f"There may be {LINES_MAX} lines of {LINE_CHARS_MAX} characters; delete some."])
    return kept


def _globs(value: Any) -> list[str]:
    lines = _lines(value)
    try:
        compiled(tuple(lines))
    except Malformed as refusal:
        raise Rejected([refusal.detail]) from None
    return lines


def _networks(value: Any) -> list[str]:
    lines = _lines(value)
    for line in lines:
        try:
            ip_network(line, strict=False)
        except ValueError:
            raise Rejected([f"{line} is not an acceptable value: send an IP address or a network."]) from None
    return lines


def _legacy_browsers(value: Any) -> list[str]:
    """Read which browsers are too old: names, or yes for the usual ones."""
    if not isinstance(value, list):
        return list(USUAL_LEGACY_BROWSERS) if boolean(value) else []
    unknown = [name for name in value if name not in LEGACY_BROWSERS]
    if unknown:
        raise Rejected([f'"{unknown[0]}" is not a valid choice. Choose among {", ".join(LEGACY_BROWSERS)}.'])
    return list(dict.fromkeys(value))


FILTER_OPTIONS: Final[Mapping[str, Reader]] = {
    **{option_name(name): boolean for name in DEFAULTS},
    option_name(LEGACY): _legacy_browsers,
    "filters:releases": _globs,
    "filters:error_messages": _globs,
    "filters:blacklisted_ips": _networks,
}
"""How each option is read."""
LINES_OPTIONS: Final = frozenset({"filters:releases", "filters:error_messages", "filters:blacklisted_ips"})
"""Options of several lines, which clients send and read as one text."""
