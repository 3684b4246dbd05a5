"""Which filters a project has switched on, as one value."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

LEGACY_BROWSERS: Final = (
    *("ie_pre_9", "ie9", "ie10", "ie11", "edge_pre_79", "opera_pre_15", "opera_mini_pre_8"),
    *("android_pre_4", "safari_pre_6"),
)
USUAL_LEGACY_BROWSERS: Final = (
    *("ie_pre_9", "ie9", "safari_pre_6", "opera_pre_15", "opera_mini_pre_8", "android_pre_4"),
)
"""What ``legacy-browsers`` means when it is just switched on."""
LEGACY = "legacy-browsers"
DEFAULTS: Final[Mapping[str, bool]] = {
    "browser-extensions": False,
    "localhost": False,
    "filtered-transaction": True,
    "web-crawlers": True,
    "react-hydration-errors": False,
    "chunk-load-error": False,
    "invalid-csp": True,
}
"""The filters that are on or off, each by its id, and what it is when nobody said."""


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one project wants filtered. Equal values filter alike."""

    on: frozenset[str] = frozenset(name for name, is_on in DEFAULTS.items() if is_on)
    """Ids of ``DEFAULTS``."""
    legacy_browsers: frozenset[str] = frozenset()
    """Some of ``LEGACY_BROWSERS``."""
    releases: tuple[str, ...] = ()
    """Globs."""
    error_messages: tuple[str, ...] = ()
    """Globs over ``Type: value`` and over messages, case does not count."""
    addresses: tuple[str, ...] = ()
    """IP addresses and networks of senders."""


def option_name(filter_id: str) -> str:
    """Return the option of a project that says whether a filter is on."""
    return f"filters:{filter_id}"


def filters_of(project: Mapping[str, Any]) -> Filters:
    """Return what the options of a project amount to."""
    return Filters(
        on=frozenset(name for name, usual in DEFAULTS.items() if project.get(option_name(name), usual)),
        legacy_browsers=frozenset(project.get(option_name(LEGACY)) or ()),
        releases=tuple(project.get("filters:releases") or ()),
        error_messages=tuple(project.get("filters:error_messages") or ()),
        addresses=tuple(project.get("filters:blacklisted_ips") or ()),
    )
