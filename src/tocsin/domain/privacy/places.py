"""The places of a normalised event, as advanced rules see them (spec/ingest.md 3.1, docs/privacy.md)."""

from collections.abc import Mapping
from enum import Enum, auto

import msgspec


class Reach(Enum):
    """Which rules reach a value."""

    NONE = auto()
    """None: the protocol needs it as it is, with all it holds."""
    INSIDE = auto()
    """Only for what it holds."""
    NAMED = auto()
    """Rules whose source names something: what code is called, and where it ran."""
    ALL = auto()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at a place of an event."""

    reach: Reach = Reach.NAMED
    types: frozenset[str] = frozenset()
    """What ``$type`` calls it, besides its JSON type."""
    members: Mapping[str, "Place"] = {}
    others: "Place | None" = None
    """Members that have no place of their own; None if they are at a place like this one."""
    elements: "Place | None" = None
    """Elements of a list; None if they are at a place like this one."""
    is_free: bool = False
    """Whether a value of any type will do there."""
    has_pairs: bool = False
    """Whether it is a list of ``[name, value]``."""

    def member(self, name: str) -> "Place":
        """Return the place of a member."""
        return self.members.get(name) or self.others or self

    def element(self) -> "Place":
        """Return the place of an element."""
        return self.elements or self


_FIXED = Place(reach=Reach.NONE)
_NAME = Place()
_TEXT = Place(reach=Reach.ALL)
_FREE = Place(reach=Reach.ALL, is_free=True)
_BAG = Place(reach=Reach.ALL, others=_FREE, elements=_FREE)
_PAIRS = Place(reach=Reach.ALL, others=_TEXT, has_pairs=True)


def _fixed(*names: str) -> dict[str, Place]:
    return dict.fromkeys(names, _FIXED)


def _names(*names: str) -> dict[str, Place]:
    return dict.fromkeys(names, _NAME)


def _texts(*names: str) -> dict[str, Place]:
    return dict.fromkeys(names, _TEXT)


def _bags(*names: str) -> dict[str, Place]:
    return dict.fromkeys(names, _BAG)


def _typed(name: str) -> frozenset[str]:
    return frozenset({name})


def _values_of(element: Place) -> Place:
    values = Place(reach=Reach.INSIDE, elements=element)
    return Place(members={"values": values})


_FRAME = Place(types=_typed("frame"), members={**_fixed("lineno", "colno", "in_app"), **_bags("vars")}, others=_NAME)
_STACKTRACE = Place(
    types=_typed("stacktrace"), members={"frames": Place(reach=Reach.INSIDE, elements=_FRAME)}, others=_NAME
)
_STACKTRACES = {"stacktrace": _STACKTRACE, "raw_stacktrace": _STACKTRACE}
_MECHANISM = Place(
    members={
        **_fixed("handled", "synthetic", "exception_id", "parent_id", "is_exception_group"),
        **_texts("description"),
        **_bags("data"),
    },
    others=_NAME,
)
_EXCEPTION = Place(
    types=_typed("exception"),
    members={**_fixed("thread_id"), **_texts("value"), "mechanism": _MECHANISM, **_STACKTRACES},
    others=_NAME,
)
_THREAD = Place(
    types=_typed("thread"), members={**_fixed("id", "crashed", "current", "main"), **_STACKTRACES}, others=_NAME
)
_CRUMB = Place(
    types=_typed("breadcrumb"),
    members={**_fixed("timestamp", "type", "level", "event_id"), **_texts("message"), **_bags("data")},
    others=_NAME,
)
_SPAN = Place(
    types=_typed("span"),
    members={**_texts("description"), **_bags("data", "tags", "sentry_tags")},
    others=_FIXED,
)
_CONTEXT = Place(reach=Reach.ALL, members=_fixed("type"), others=_FREE)
_REPORT = Place(reach=Reach.INSIDE, others=_FREE)

EVENT = Place(
    reach=Reach.INSIDE,
    types=_typed("event"),
    members={
        **_fixed(
            *("event_id", "type", "timestamp", "start_timestamp", "received", "platform", "level", "time_spent"),
            *("transaction_info", "measurements", "breakdowns", "errors", "_meta"),
        ),
        **_names(
            *("release", "dist", "environment", "logger", "modules", "debug_meta", "checksum", "fingerprint"),
            "template",
        ),
        **_texts("transaction", "culprit"),
        **_bags("extra"),
        "contexts": Place(others=_CONTEXT),
        "tags": _PAIRS,
        "user": Place(
            reach=Reach.ALL,
            types=_typed("user"),
            members=_bags("data", "geo"),
            others=_TEXT,
        ),
        "request": Place(
            reach=Reach.ALL,
            types=_typed("request"),
            members={
                **_texts("url", "fragment"),
                **dict.fromkeys(("headers", "cookies", "query_string"), _PAIRS),
                **_bags("env"),
                "data": _FREE,
            },
            others=_NAME,
        ),
        "logentry": Place(reach=Reach.ALL, types=_typed("logentry"), members=_bags("params"), others=_TEXT),
        "exception": _values_of(_EXCEPTION),
        "threads": _values_of(_THREAD),
        "breadcrumbs": _values_of(_CRUMB),
        "spans": Place(reach=Reach.INSIDE, elements=_SPAN),
        "sdk": Place(types=_typed("sdk"), members=_texts("client_ip"), others=_NAME),
        **_STACKTRACES,
        **dict.fromkeys(("csp", "hpkp", "expectct", "expectstaple"), _REPORT),
    },
    others=_FREE,
)
"""A whole event."""
