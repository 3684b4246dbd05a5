"""The scrubbing that is on unless somebody turns it off (spec/ingest.md 3.13).

Free-form data is judged by its keys, by the words in its texts and by what they look like. Texts with a meaning of
their own (messages, URLs, lines of code) lose only the parts that are sensitive, in place. What code is called, and
what the protocol itself writes, stays.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import msgspec

from tocsin.domain.privacy.data_types import FILTERED
from tocsin.domain.privacy.notes import Notes, Path
from tocsin.domain.privacy.treatment import Treatment, Treatments
from tocsin.domain.privacy.walk import KEYS_ONLY, Walk

_REMOVED_ADDRESS = "@anything:remove"

Event = dict[str, Any]

_encode = msgspec.json.Encoder().encode

_PROTOCOL = frozenset(
    {
        *("event_id", "type", "timestamp", "start_timestamp", "received", "platform", "level", "time_spent"),
        *("release", "dist", "environment", "sdk", "modules", "debug_meta", "checksum", "transaction_info"),
        *("measurements", "breakdowns", "errors", "_meta"),
    }
)
_MOSTLY_CLEAN = frozenset({"extra", "contexts", "user", "tags", "transaction", "culprit", "logger", "fingerprint"})
"""Attributes that are looked at together first."""
_LINES = ("pre_context", "context_line", "post_context")


def scrub_by_default(
    event: Event, treatments: Treatments, notes: Notes, spared: Collection[Path] = frozenset()
) -> None:
    """Scrub a normalised event in place; what is at the paths in *spared* stays as it is."""
    if treatments.do_nothing:
        return
    walk = Walk(treatments, notes, spared)
    _scrub_originals(event, Walk(treatments, Notes({})))
    if treatments.removes_addresses:
        _remove_addresses(event, walk)
    clean = _clean_attributes(event, walk)
    for name in tuple(event):
        if name in _REMOVABLE and walk.is_condemned(name):
            walk.remove(event, name, ())
        elif name in _PROTOCOL or name in clean:
            continue
        elif name in _ATTRIBUTES:
            _ATTRIBUTES[name](event, walk)
        else:
            walk.region(event, name, ())
    _scrub_frames(event, walk)
    if event.get("user") == {}:
        del event["user"]


def _clean_attributes(event: Event, walk: Walk) -> frozenset[str]:
    """Return what needs no closer look: mostly all of the attributes that are mostly clean."""
    together = {name: event[name] for name in _MOSTLY_CLEAN if name in event}
    if "tags" in together:
        together["tags"] = dict(together["tags"])
    return frozenset() if walk.look(together, walk.treatments.free) else _MOSTLY_CLEAN


def _remove_addresses(event: Event, walk: Walk) -> None:
    for *owners, name in (("user", "ip_address"), ("request", "env", "REMOTE_ADDR"), ("sdk", "client_ip")):
        owner: Any = event
        for each in owners:
            owner = owner.get(each) or {}
        if name in owner:
            walk.remove(owner, name, tuple(owners), _REMOVED_ADDRESS)


def _scrub_originals(event: Event, walk: Walk) -> None:
    """Scrub what was found unfit for the event and is told to its sender."""
    for error in event.get("errors", ()):
        if "value" in error and any(map(walk.is_condemned, str(error.get("name")).split("."))):
            error["value"] = FILTERED
        for name in error.keys() - {"type", "name"}:
            walk.region(error, name, ())
    _scrub_remarks(event.get("_meta", {}), walk, condemned=False)


def _scrub_remarks(node: dict[str, Any], walk: Walk, *, condemned: bool) -> None:
    for key, child in node.items():
        if not isinstance(child, dict):
            continue
        if key:
            _scrub_remarks(child, walk, condemned=condemned or walk.is_condemned(key))
        elif condemned and "val" in child:
            child["val"] = FILTERED
        elif "val" in child:
            walk.region(child, "val", ())


def _scrub_extra(event: Event, walk: Walk) -> None:
    walk.region(event, "extra", ())


def _scrub_contexts(event: Event, walk: Walk) -> None:
    contexts = event["contexts"]
    needs = walk.look(contexts, walk.treatments.free)
    for alias in tuple(contexts):
        walk.member(contexts, alias, ("contexts",), needs, shaped=True)


def _scrub_user(event: Event, walk: Walk) -> None:
    user = event["user"]
    for name in ("id", "email", "username", "name", "segment"):
        walk.named_text(user, name, ("user",), walk.treatments.named)
    for name in ("data", "geo", "ip_address"):
        if name in user:
            walk.region(user, name, ("user",), shaped=True)


def _scrub_request(event: Event, walk: Walk) -> None:
    request, path = event["request"], ("request",)
    walk.named_text(request, "url", path, walk.treatments.plain)
    _scrub_pairs(request, walk)
    for name in ("data", "fragment"):
        if name in request:
            walk.region(request, name, path)
    if "env" in request:
        walk.region(request, "env", path, shaped=True)


def _scrub_pairs(request: dict[str, Any], walk: Walk) -> None:
    for name in ("headers", "query_string", "cookies"):
        pairs = request.get(name)
        if pairs and walk.is_condemned(name):
            walk.remove(request, name, ("request",))
        elif pairs:
            needs = walk.look_at_pairs(pairs, walk.treatments.free)
            if needs or name == "cookies":
                walk.pairs(pairs, ("request", name), needs or KEYS_ONLY, cookies=name == "cookies")


def _scrub_breadcrumbs(event: Event, walk: Walk) -> None:
    crumbs, names = event["breadcrumbs"]["values"], ("message", "data")
    everywhere = KEYS_ONLY if any(map(walk.is_condemned, names)) else None
    messages = [crumb.get("message") for crumb in crumbs]
    each = walk.look_at_each([crumb.get("data") for crumb in crumbs], walk.treatments.free, messages)
    for index, (crumb, needs) in enumerate(zip(crumbs, each, strict=True)):
        path = ("breadcrumbs", "values", str(index))
        for name in names if needs or everywhere else ():
            if crumb.get(name):
                walk.member(crumb, name, path, needs or everywhere, shaped=name == "data")


def _scrub_logentry(event: Event, walk: Walk) -> None:
    logentry = event["logentry"]
    for name in ("formatted", "message"):
        walk.text(logentry, name, ("logentry",), walk.treatments.message)
    if "params" in logentry:
        walk.region(logentry, "params", ("logentry",), shaped=True)


def _scrub_exceptions(event: Event, walk: Walk) -> None:
    for index, exception in enumerate(event["exception"]["values"]):
        path = ("exception", "values", str(index))
        walk.text(exception, "value", path, walk.treatments.error)
        mechanism = exception.get("mechanism") or {}
        for name in ("description", "data"):
            if mechanism.get(name):
                walk.region(mechanism, name, (*path, "mechanism"), shaped=name == "data")


def _scrub_tags(event: Event, walk: Walk) -> None:
    needs = walk.look_at_pairs(event["tags"], walk.treatments.named)
    if needs:
        for pair in event["tags"]:
            walk.pair(pair, ("tags", pair[0]), needs)


def _scrub_text(name: str) -> Callable[[Event, Walk], None]:
    def scrub(event: Event, walk: Walk) -> None:
        walk.named_text(event, name, (), walk.treatments.plain)

    return scrub


def _scrub_fingerprint(event: Event, walk: Walk) -> None:
    walk.texts(event["fingerprint"], ("fingerprint",), walk.treatments.plain)


def _scrub_report(name: str) -> Callable[[Event, Walk], None]:
    def scrub(event: Event, walk: Walk) -> None:
        needs = walk.look(event[name], walk.treatments.free)
        if needs:
            walk.inside(event[name], (name,), needs)

    return scrub


def _scrub_spans(event: Event, walk: Walk) -> None:
    spans = event["spans"] if isinstance(event["spans"], list) else []
    for index, span in enumerate(spans):
        path = ("spans", str(index))
        walk.text(span, "description", path, walk.treatments.plain)
        for name in ("data", "tags", "sentry_tags"):
            if span.get(name):
                walk.region(span, name, path)


def _do_nothing(_event: Event, _walk: Walk) -> None:
    """Frames come last, all at once."""


_ATTRIBUTES: dict[str, Callable[[Event, Walk], None]] = {
    "extra": _scrub_extra,
    "contexts": _scrub_contexts,
    "user": _scrub_user,
    "request": _scrub_request,
    "breadcrumbs": _scrub_breadcrumbs,
    "logentry": _scrub_logentry,
    "exception": _scrub_exceptions,
    "tags": _scrub_tags,
    "fingerprint": _scrub_fingerprint,
    "spans": _scrub_spans,
    **{name: _scrub_text(name) for name in ("transaction", "culprit", "logger")},
    **{name: _scrub_report(name) for name in ("csp", "hpkp", "expectct", "expectstaple")},
    **dict.fromkeys(("stacktrace", "threads", "template"), _do_nothing),
}
_REMOVABLE = frozenset({"extra", "contexts", "user", "request", "breadcrumbs", "tags"})
"""Attributes that nothing else needs."""


class _Stack(msgspec.Struct, frozen=True):
    """Frames, and the path to them."""

    frames: list[dict[str, Any]]
    path: Path


def _scrub_frames(event: Event, walk: Walk) -> None:
    """Scrub source lines and variables: looked at all together, for there are many frames and few with a secret."""
    stacks = list(_stacks(event))
    _scrub_code(stacks, walk)
    _scrub_variables(stacks, walk)
    if "template" in event:
        _scrub_lines(event["template"], ("template",), walk, walk.treatments.code)


def _scrub_code(stacks: list[_Stack], walk: Walk) -> None:
    # The source of libraries is public; addresses go all the same.
    everywhere = walk.treatments.removes_addresses
    lines = [
        frame.get(name)
        for stack in stacks
        for frame in stack.frames
        if everywhere or frame.get("in_app") is not False
        for name in _LINES
    ]
    needed = walk.treatments.code.needed(_encode(lines).decode())
    for stack in stacks if needed else ():
        for index, frame in enumerate(stack.frames):
            if needed and (everywhere or frame.get("in_app") is not False):
                _scrub_lines(frame, (*stack.path, str(index)), walk, needed)


def _scrub_variables(stacks: list[_Stack], walk: Walk) -> None:
    everywhere = KEYS_ONLY if walk.is_condemned("vars") else None
    for stack in stacks:
        each = walk.look_at_each([frame.get("vars") for frame in stack.frames], walk.treatments.free)
        for index, (frame, needs) in enumerate(zip(stack.frames, each, strict=True)):
            if (needs or everywhere) and frame.get("vars"):
                walk.member(frame, "vars", (*stack.path, str(index)), needs or everywhere, shaped=True)


def _scrub_lines(frame: dict[str, Any], path: Path, walk: Walk, treatment: Treatment) -> None:
    for name in _LINES:
        lines = frame.get(name)
        if isinstance(lines, list):
            walk.texts(lines, (*path, name), treatment)
        else:
            walk.text(frame, name, path, treatment)


def _stacks(event: Event) -> Iterator[_Stack]:
    owners: list[tuple[dict[str, Any], Path]] = [(event, ())]
    for name in ("exception", "threads"):
        values = event[name]["values"] if name in event else ()
        owners += [(value, (name, "values", str(index))) for index, value in enumerate(values)]
    for owner, path in owners:
        for name in ("stacktrace", "raw_stacktrace"):
            stacktrace = owner.get(name)
            if stacktrace and stacktrace.get("frames"):
                yield _Stack(stacktrace["frames"], (*path, name, "frames"))
