"""The parts of a normalised event that grouping reads, as typed values (spec/ingest.md 3.11).

What does not have the type it should have counts as absent, so that no event is too odd to be grouped.
"""

import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

_T = TypeVar("_T")

_JAVASCRIPT = frozenset({"javascript", "node"})
NATIVE_PLATFORMS = frozenset({"c", "cocoa", "native", "objc", "rust", "swift"})


class FrameData(msgspec.Struct, frozen=True, gc=False):
    """What SDKs and stack trace rules note on a frame."""

    orig_in_app: int | bool | None = None
    """``in_app`` as it was sent, -1 for not at all."""
    category: str | None = None
    sourcemap: str | bool | None = None


class Frame(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """One call. Nothing reads the positions but the search for recursion. Hashed, because stacks come again."""

    platform: str | None = None
    abs_path: str | None = None
    module: str | None = None
    filename: str | None = None
    function: str | None = None
    raw_function: str | None = None
    package: str | None = None
    context_line: str | None = None
    lineno: int | float | str | None = None
    colno: int | float | str | None = None
    in_app: bool | None = None
    data: FrameData | None = None

    @property
    def category(self) -> str | None:
        """What a stack trace rule called it."""
        return self.data.category if self.data else None

    @property
    def sent_in_app(self) -> bool | None:
        """``in_app`` as it was before stack trace rules changed it (spec/ingest.md 4.7)."""
        original = self.data.orig_in_app if self.data else None
        if original is None:
            return self.in_app
        return None if original == -1 else original == 1


_NOWHERE = Frame()


class Stacktrace(msgspec.Struct, frozen=True):
    """Calls, oldest first."""

    frames: list[Frame | None] | None = None

    @property
    def calls(self) -> tuple[Frame, ...]:
        """The frames; one that says nothing stands for each gap, so that positions stay."""
        return tuple([frame or _NOWHERE for frame in self.frames or ()])


class NsError(msgspec.Struct, frozen=True):
    """Apple's error identity, which says more than the text of the error."""

    domain: str | int | None = None
    code: str | int | None = None


class MechanismMeta(msgspec.Struct, frozen=True):
    """What the operating system said."""

    ns_error: NsError | None = None


class Mechanism(msgspec.Struct, frozen=True):
    """How an exception was caught, and where it hangs in a tree of exceptions."""

    type: str | None = None
    synthetic: bool | None = None
    exception_id: int | None = None
    parent_id: int | None = None
    is_exception_group: bool | None = None
    meta: MechanismMeta | None = None


class Raised(msgspec.Struct, frozen=True):
    """One exception value."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    mechanism: Mechanism | None = None
    stacktrace: Stacktrace | None = None

    @property
    def exception_id(self) -> int | None:
        """Its id in the tree of exceptions, if the SDK sends one."""
        return self.mechanism.exception_id if self.mechanism else None

    @property
    def parent_id(self) -> int | None:
        """The id of the exception that it caused or belongs to."""
        return self.mechanism.parent_id if self.mechanism else None

    @property
    def is_group(self) -> bool:
        """Whether it only holds other exceptions together."""
        return bool(self.mechanism and self.mechanism.is_exception_group)


class Exceptions(msgspec.Struct, frozen=True):
    """Exception values, root cause first."""

    values: list[Raised | None] | None = None


class Thread(msgspec.Struct, frozen=True):
    """One thread of the process."""

    crashed: bool | None = None
    current: bool | None = None
    stacktrace: Stacktrace | None = None


class Threads(msgspec.Struct, frozen=True):
    """The threads of the process."""

    values: list[Thread | None] | None = None


class LogEntry(msgspec.Struct, frozen=True):
    """A message: its template, where it has one, and how it reads."""

    message: str | None = None
    formatted: str | None = None


class Sdk(msgspec.Struct, frozen=True):
    """Who sent the event."""

    name: str | None = None
    version: str | None = None


class Csp(msgspec.Struct, frozen=True):
    """A content security policy report."""

    effective_directive: str | None = None
    violated_directive: str | None = None
    blocked_uri: str | None = None


class HostReport(msgspec.Struct, frozen=True):
    """A report of which only the host matters: HPKP, Expect-CT, Expect-Staple."""

    hostname: str | None = None


class Template(msgspec.Struct, frozen=True):
    """Where a template engine stopped."""

    filename: str | None = None
    abs_path: str | None = None
    context_line: str | None = None


class Evidence(msgspec.Struct, frozen=True):
    """All that decides which issue an event belongs to."""

    platform: str | None = None
    level: str | None = None
    logger: str | None = None
    transaction: str | None = None
    release: str | None = None
    checksum: str | None = None
    fingerprint: list[str | None] | None = None
    tags: list[tuple[str, str | None] | None] | None = None
    sdk: Sdk | None = None
    exception: Exceptions | None = None
    threads: Threads | None = None
    stacktrace: Stacktrace | None = None
    csp: Csp | None = None
    hpkp: HostReport | None = None
    expectct: HostReport | None = None
    expectstaple: HostReport | None = None
    template: Template | None = None
    logentry: LogEntry | None = None

    @property
    def raised(self) -> list[Raised]:
        """The exceptions, root cause first, without gaps."""
        return present(self.exception.values) if self.exception else []

    @property
    def frames(self) -> Iterator[Frame]:
        """The frames of all exceptions, or those of the event itself."""
        stacktraces = present(raised.stacktrace for raised in self.raised) or present([self.stacktrace])
        return (frame for stacktrace in stacktraces for frame in stacktrace.calls)

    @property
    def messages(self) -> tuple[str, ...]:
        """How the message reads, and its template."""
        return tuple(filter(None, (self.logentry.formatted, self.logentry.message))) if self.logentry else ()

    def tag(self, key: str) -> str | None:
        """Return the value of a tag."""
        return next((value for name, value in present(self.tags) if name == key), None)


def read_evidence(payload: Mapping[str, Any]) -> Evidence:
    """Return what *payload* says; parts of a wrong type are left out."""
    try:
        return msgspec.convert(payload, Evidence)
    except msgspec.ValidationError:
        return _salvage(payload, Evidence) or Evidence()


def present(values: Iterable[_T | None] | None) -> list[_T]:
    """Return *values* without gaps."""
    return [value for value in values or () if value is not None]


def family(platform: str | None) -> str:
    """Return the family of a platform: ``javascript``, ``native`` or ``other`` (spec/ingest.md 5.4)."""
    if platform in _JAVASCRIPT:
        return "javascript"
    return "native" if platform in NATIVE_PLATFORMS else "other"


def _salvage(value: Any, kind: Any) -> Any:
    """Return *value* as *kind*, with None for every part of it that is something else."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        kind = _required(kind)
    if get_origin(kind) is list and isinstance(value, list):
        (item_kind,) = get_args(kind)
        return [_salvage(item, item_kind) for item in value]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        return kind(**{name: _salvage(value.get(name), wanted) for name, wanted in _kinds(kind).items()})
    return None


@cache
def _kinds(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(struct)}


def _required(kind: Any) -> Any:
    """Return what an optional *kind* is when it is there."""
    if get_origin(kind) in {Union, types.UnionType}:
        return next(choice for choice in get_args(kind) if choice is not types.NoneType)
    return kind
