"""Whatever an SDK, or somebody who pretends to be one, sends: a refusal or a sound result, soon, and never a fault.

The suite tries a few hundred requests of each kind; ``make fuzz-ingest`` tries many more. What it found lies in
tests/corpus/hostile, one file for each find, and is tried every time.
"""

import base64
import gzip
import json
import os
import re
import time
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import brotli
import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.checks.snapshots import NAMES, accepted_request

from tocsin.domain.errors import Refusal
from tocsin.domain.event.accepted import Accepted, BodyForm
from tocsin.domain.event.envelope import open_accepted
from tocsin.domain.event.event import Event
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.normalise.attributes import _ALIASES, _CLEANERS
from tocsin.domain.filters import Filters
from tocsin.domain.filters.filters import DEFAULTS, LEGACY_BROWSERS
from tocsin.domain.grouping import group
from tocsin.domain.pipeline import Digested, digest
from tocsin.domain.privacy import Privacy
from tocsin.domain.project_rules import DEFAULT_PROJECT_RULES, ProjectRules

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
MANY = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
HOSTILE = Path(__file__).parents[1] / "corpus" / "hostile"
LIMITS = IntakeLimits()
SECONDS_MAX = 2.0
"""Of processor time, for a body of 1 MiB."""
RULES = ProjectRules(
    privacy=Privacy(scrubs_addresses=True, sensitive_fields=("odd",)),
    filters=Filters(on=frozenset(DEFAULTS) - {"invalid-csp"}, legacy_browsers=frozenset(LEGACY_BROWSERS)),
)


def request(body: bytes, form: BodyForm = BodyForm.ENVELOPE, encoding: str = "") -> Accepted:
    return Accepted(
        project_id=42,
        public_key="a" * 32,
        received=datetime(2026, 11, 20, 18, 45, tzinfo=UTC),
        client_ip="203.0.113.9",
        client="sentry.python/2.0",
        event_id="a" * 32,
        form=form,
        encoding=encoding,
        body=body,
    )


def digested(accepted: Accepted, rules: ProjectRules = DEFAULT_PROJECT_RULES) -> Digested | None:
    """Return what becomes of a request, None for a refusal, after a look at whether it is sound."""
    started = time.process_time()
    try:
        result = digest(accepted, LIMITS, rules)
    except Refusal:
        return None
    finally:
        assert time.process_time() - started < SECONDS_MAX
    # As a worker process hands it over.
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=Digested) == result
    for event in result.events:
        check(event)
        # What is stored says itself where it belongs.
        assert group(json.loads(event.payload)).hashes == event.hashes
        assert len(event.payload) < 2 * len(accepted.body) + 400_000 or accepted.encoding
    return result


def check(event: Event) -> None:
    payload = json.loads(event.payload.decode(), parse_constant=pytest.fail)
    assert payload["event_id"] == event.event_id
    for name, limit in {
        "title": 256,
        "culprit": 200,
        "release": 200,
        "environment": 64,
        "dist": 64,
        "logger": 64,
    }.items():
        assert len(getattr(event, name)) <= limit, name
    assert event.title
    assert all(len(value) <= 1024 for value in event.metadata.values())
    assert all(key and value and len(key) <= 200 and len(value) <= 200 for key, value in event.tags)
    assert 1 <= len(event.hashes) <= 2
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in event.hashes)
    assert len(payload.get("errors", ())) <= 100
    assert len(payload.get("breadcrumbs", {}).get("values", ())) <= 500
    raised = payload.get("exception", {}).get("values", ())
    assert len(raised) <= 100
    for each in raised:
        assert len((each.get("stacktrace") or {}).get("frames") or ()) <= 250


# Bodies made of the words that SDKs use, in places and types that they never use.


def _words(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {key for key in value if len(key) < 40}.union(*map(_words, value.values()))
    return set().union(*map(_words, value)) if isinstance(value, list) else set()


def _objects(accepted: Accepted) -> list[dict[str, Any]]:
    return [
        msgspec.json.decode(item.payload)
        for item in open_accepted(accepted, LIMITS).items
        if item.type in {"event", "transaction"} and b"NaN" not in bytes(item.payload)
    ]


EVENTS = [event for name in NAMES for event in _objects(accepted_request(name))]
KEYS = sorted({*_CLEANERS, *_ALIASES, "_meta", "raw_stacktrace", "category", "main"}.union(*map(_words, EVENTS)))
TEXTS = [
    "", " ", "\n", "\0", "…", "é" * 300, "x" * 300, "x" * 9000, "a\nb\nc", "%s %(a)s %d", "{0} {} {x}", "{{auto}}", "{{ default }}", "{{ tags.a }}",
    "http://[x", "https://ü.de/ä?ö=%FF#…", "//", "://", "file:///a", "app:///x.js", "::1", "1.2.3.4", "999.1.1.1", "2026-11-20T18:44:00Z",
    "0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999-23:59", "1e999", "-1e999", "nan", "-0", "a=b&c=d", "[1]", '{"a":', "password=x", "Bearer x",
    "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----", "4242 4242 4242 4242", "10.0.0.1", "a@b.io", "Mozilla/5.0 (X11) Firefox/1",
    "$$Lambda$1", "a::b<c>(d)", "<<<<((((", "operator<<(", "block (2 levels) in f", "class@anonymous\0/x.php::f", "{closure}", "lambda$1", "?", "eval",
    "javascript", "python", "native", "ruby", "php", "csharp", "java", "error", "fatal", "event", "transaction", "CompositeException",
    "a" * 39 + "1", "5f0c6a52-7f42-4e3c-9a7b-0c9b6a2f1d11", "/a/site-packages/b.py", "C:\\a\\b.py", "node:internal/x", "webpack:///./a.js", "\ud800", "\udfff\ud800",
]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, -1, 250, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**30, 10**400])
    | st.sampled_from([0.5, -0.0, 1e308, 5e-324, 1795200294.798801, -1.5, float("nan"), float("inf"), float("-inf")])
    | st.sampled_from(TEXTS)
    | st.text(max_size=8)
)
keys = st.sampled_from(KEYS) | st.sampled_from(TEXTS)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6), max_leaves=20
)
events = st.dictionaries(keys, values, max_size=8)


# What an SDK says it cut or filtered, of places that there are or not.
notes = st.recursive(
    scalars | st.just({"": {"rem": [["!limit", "s", 0, 3]], "len": 9, "err": ["x"]}}),
    lambda inner: st.dictionaries(st.sampled_from(["", "values", "frames", "0", "1", "data", "headers", "formatted", "stacktrace", "vars"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
remarks = st.dictionaries(st.sampled_from(sorted({*_CLEANERS, *_ALIASES})), notes, max_size=4)


def encoded(value: Any) -> bytes:
    """Return JSON as careless clients write it, with NaN and with halves of surrogate pairs."""
    return json.dumps(value).encode()


def envelope(payload: bytes, item_type: str = "event") -> bytes:
    return b'{"sent_at":"2026-11-20T18:44:59Z"}\n{"type":"%s","length":%d}\n%s\n' % (
        item_type.encode(), len(payload), payload,
    )  # fmt: skip


@MANY
@given(events)
def test_any_json_with_the_words_of_sdks_is_digested(event):
    result = digested(request(envelope(encoded(event))))
    assert result is not None
    assert result == digested(request(envelope(encoded(event))))
    digested(request(envelope(encoded(event))), RULES)


@MANY
@given(events, remarks)
def test_any_json_with_any_remarks_is_digested(event, said):
    assert digested(request(envelope(encoded(event | {"_meta": said})))) is not None


@MANY
@given(events)
def test_any_json_with_the_words_of_sdks_is_digested_from_the_store_endpoint(event):
    text = encoded(event)
    bare = digested(request(text, BodyForm.STORE))
    wrapped = digested(request(base64.b64encode(zlib.compress(text)), BodyForm.STORE))
    assert (bare and bare.events) == (wrapped and wrapped.events)


# Stack traces made of the pieces that names and paths have on all platforms.

PIECES = [
    "async ", "new ", "*", " [as ", "]", ".", "<anonymous>", "/<", "?", "eval", "::", "<", ">", "(", ")", "{", "}", "{lambda(int)#1}", "{{closure}}", "operator", "[clone .cold]",
    " const", "&", "@@GLIBC_2.2.5", "::h0123456789abcdef", " as ", " -> ", "$", "$$Lambda$1", "$Proxy", "1", "_", "__", "b__5_0", "block ", "#", "Cart", "total", "\\", "/", ":",
    "http://", "file:///", "webpack:///", "app:///", "node_modules/", "site-packages/", "node:internal/", "-[", "anonymous namespace", "é", "\n", " ", "",
]  # fmt: skip
names = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.builds(
    lambda piece, count: piece * count, st.sampled_from(PIECES), st.integers(0, 600)
)
lines = names | st.none()
platforms = st.sampled_from(
    ["javascript", "node", "python", "java", "csharp", "ruby", "php", "native", "cocoa", "go", "other"]
)
frames = st.lists(
    st.fixed_dictionaries(
        {"function": lines, "module": lines, "filename": lines, "abs_path": lines, "package": lines, "in_app": st.sampled_from([True, False, None])},
        optional={"platform": platforms, "raw_function": names, "context_line": names, "lineno": st.integers(0, 2)},
    ),
    max_size=6,
)  # fmt: skip


@MANY
@given(platforms, st.lists(st.tuples(names, names, frames), min_size=1, max_size=3))
def test_stack_traces_of_odd_names_are_grouped(platform, raised):
    values = [{"type": type_, "value": value, "stacktrace": {"frames": stack}} for type_, value, stack in raised]
    event = encoded({"platform": platform, "exception": {"values": values}})
    digested(request(event, BodyForm.STORE), RULES)
    digested(request(event, BodyForm.STORE))


# Recorded events of which some part is exchanged, moved, repeated or lost.

RAW = {
    "@long-int@": b"9" * 10_000,
    "@long-float@": b"0." + b"9" * 10_000,
    "@long-exponent@": b"1e" + b"9" * 50,
    "@minus-zero@": b"-0",
    "@nan@": b"NaN",
    "@infinity@": b"-Infinity",
    "@half@": b'"\\ud83d"',
    "@other-half@": b'"\\ude00\\ud83d"',
    "@no-utf-8@": b'"\xff\xc0\x80\xed\xa0\x80"',
    "@control@": b'"a\x01\tb"',
    "@long-text@": b'"' + b"x1 " * 60_000 + b'"',
    "@many-lines@": b'"' + b"a\\n" * 60_000 + b'"',
    "@deep-10@": b"[" * 10 + b"]" * 10,
    "@deep-100@": b'{"frames":[' * 100 + b"]}" * 100,
    "@deep-500@": b'{"a":' * 500 + b"1" + b"}" * 500,
    "@deep-900@": b"[" * 900 + b"]" * 900,
    "@deep-10000@": b"[" * 10_000 + b"]" * 10_000,
    "@wide@": b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(20_000)) + b"}",
    "@long-list@": b"[" + b",".join([b'{"a":null}'] * 20_000) + b"]",
    "@twice@": b'{"type":"a","type":"b","type":[]}',
}
exchanges = scalars | values | st.sampled_from(sorted(RAW))
edits = st.lists(
    st.tuples(st.sampled_from(["exchange", "drop", "repeat", "wrap", "move", "rename"]), st.integers(0, 5000), exchanges),
    min_size=1,
    max_size=5,
)  # fmt: skip


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in *value* as its owner and its key there."""
    found: list[tuple[Any, Any]] = []
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        found.append((value, key))
        if isinstance(inner, (dict, list)):
            found += _places(inner)
    return found


def edited(event: dict[str, Any], changes: list[tuple[str, int, Any]]) -> bytes:
    event = json.loads(json.dumps(event))
    for kind, number, new in changes:
        places = _places(event)
        if not places or len(places) > 20_000:
            break
        owner, key = places[number % len(places)]
        _edit(owner, key, kind, new, places[number * 7919 % len(places)])
    text = encoded(event)
    for name, raw in RAW.items():
        text = text.replace(b'"%s"' % name.encode(), raw)
    return text[: 2 * LIMITS.event_bytes_max]


def _edit(owner: Any, key: Any, kind: str, new: Any, other: tuple[Any, Any]) -> None:
    if kind == "exchange":
        owner[key] = new
    elif kind == "drop":
        del owner[key]
    elif kind == "repeat":
        owner[key] = [json.loads(json.dumps(owner[key]))] * 300
    elif kind == "wrap":
        owner[key] = {"values": [owner[key]]}
    elif kind == "move":
        owner[key] = json.loads(json.dumps(other[0][other[1]]))
    elif isinstance(owner, dict):
        owner[str(new)[:40]] = owner.pop(key)


@MANY
@given(st.sampled_from(EVENTS), edits, remarks)
def test_a_recorded_event_with_odd_parts_is_digested(event, changes, said):
    text = edited(event | {"_meta": said}, changes)
    digested(request(envelope(text)))
    digested(request(text, BodyForm.STORE), RULES)


# Recorded requests of which bytes are exchanged, moved, repeated or lost.

BODIES = {name: accepted_request(name) for name in NAMES}
cuts = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "repeat", "insert", "splice"]),
        st.integers(0, 2**16),
        st.integers(0, 2**12),
        st.sampled_from(NAMES),
        st.sampled_from([b"\0", b"\n", b'"', b"{", b"}", b"\\", b"\xff", b"9" * 40, b"\\ud800", b"[" * 2000, b"{}\n", b","]),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


def plain(accepted: Accepted) -> bytes:
    opened = open_accepted(accepted, LIMITS)
    if accepted.form is BodyForm.STORE:
        return bytes(opened.items[0].payload)
    lines = [msgspec.json.encode(opened.headers)]
    for item in opened.items:
        lines += [msgspec.json.encode(item.headers), bytes(item.payload)]
    return b"\n".join(lines)


def carved(body: bytes, changes: list[tuple[str, int, int, str, bytes]]) -> bytes:
    for kind, at, count, name, piece in changes:
        start = at % (len(body) + 1)
        end = start + count
        if kind == "flip":
            body = body[:start] + bytes(byte ^ (1 << count % 8) for byte in body[start : start + 1]) + body[start + 1 :]
        elif kind == "cut":
            body = body[:start] + body[end:]
        elif kind == "repeat":
            body = body[:end] + body[start:]
        elif kind == "insert":
            body = body[:start] + piece + body[start:]
        else:
            body = body[:start] + PLAIN[name][start:end] + body[end:]
    return body


PLAIN = {name: plain(accepted) for name, accepted in BODIES.items()}


@MANY
@given(st.sampled_from(NAMES), cuts)
def test_a_recorded_request_with_odd_bytes_is_digested_or_refused(name, changes):
    digested(msgspec.structs.replace(BODIES[name], body=carved(PLAIN[name], changes), encoding="", event_id="a" * 32))


@MANY
@given(st.sampled_from(NAMES), cuts)
def test_a_recorded_request_with_odd_compressed_bytes_is_digested_or_refused(name, changes):
    accepted = BODIES[name]
    digested(msgspec.structs.replace(accepted, body=carved(accepted.body, changes), event_id="a" * 32))


@MANY
@given(
    st.lists(st.tuples(st.dictionaries(keys, values, max_size=3), st.sampled_from(["", '{"message":"a"}', "a\nb"]))),
    st.sampled_from(["", "gzip", "br", "zstd", "deflate", "gzip,br", "GZIP, identity", "x"]),
)
def test_an_envelope_of_odd_headers_is_digested_or_refused(lines, encoding):
    body = b"\n".join(encoded(headers) + b"\n" + payload.encode() for headers, payload in lines)
    digested(request(body))
    for name in encoding.replace(" ", "").lower().split(","):
        body = COMPRESSORS.get(name, bytes)(body)
    digested(request(body, encoding=encoding))


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "deflate": zlib.compress,
}


# What is known to be hard.


def _filled(unit: str, key: str = "message") -> bytes:
    size = LIMITS.event_bytes_max - 1000
    return encoded({key: unit * (size // (len(encoded(unit)) - 2))})


def _nested(levels: int, key: str = "extra") -> bytes:
    return b'{"%s":' % key.encode() + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


def _frames(count: int, **parts: str) -> bytes:
    frames = [{"lineno": n} | {name: f"{value}{n}" for name, value in parts.items()} for n in range(count)]
    return encoded({"platform": "native", "exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}})


HARD = {
    "a long message": _filled("x"),
    "a long message of numbers": _filled("1 "),
    "a long message of dots": _filled("a."),
    "a message of many lines": _filled("\n"),
    "a message of escapes": _filled('\\"'),
    "a message of placeholders": _filled("%(a)s"),
    "a long value of surrogates": b'{"extra":{"a":"' + b"\\ud800" * 150_000 + b'"}}',
    "100,000 keys at the top": encoded({f"k{n}": n for n in range(100_000)})[: LIMITS.event_bytes_max * 2],
    "60,000 extra keys": encoded({"extra": {f"k{n}": n for n in range(60_000)}}),
    "60,000 tags": encoded({"tags": {f"k{n}": n for n in range(60_000)}}),
    "60,000 bad tags": encoded({"tags": {f"k {n}!": [n] for n in range(50_000)}}),
    "60,000 headers": encoded({"request": {"headers": {f"k{n}": f"v{n}" for n in range(50_000)}}}),
    "a long query": encoded({"request": {"query_string": "a=b&" * 200_000}}),
    "a long form": encoded({"request": {"data": "a=b&" * 200_000 + "a=b"}}),
    "a form of one name": encoded({"request": {"data": "&".join(["a=b"] * 200_000)}}),
    "a long cookie": encoded({"request": {"cookies": "a=b; " * 150_000}}),
    "a body of JSON in JSON": encoded({"request": {"data": json.dumps([[[]]] * 100_000)}}),
    "a long user agent": encoded({"request": {"headers": {"User-Agent": "Mozilla/5.0 (" * 60_000}}}),
    "a long host": encoded({"request": {"url": "https://" + "ü" * 100_000 + ".de/?a"}}),
    "4,000 frames": _frames(4_000, function="std::f<a, b>(int) const ", abs_path="/usr/lib/lib", module="m"),
    "long functions of templates": _frames(250, function="<" * 500),
    "long functions of parentheses": _frames(250, function="((((()))))" * 50),
    "long functions of operators": _frames(250, function="operator<" * 55),
    "long functions of qualifiers": _frames(250, function=" const &" * 60 + "x"),
    "long paths": _frames(250, abs_path="a/" * 120, filename="b/" * 120),
    "20,000 exceptions": encoded({"exception": [{"type": "E", "value": str(n)} for n in range(20_000)]}),
    "10,000 breadcrumbs": encoded({"breadcrumbs": [{"message": "x", "data": {"a": [[n]]}} for n in range(20_000)]}),
    "3,000 threads": encoded({"threads": {"values": [{"id": n, "stacktrace": {"frames": [{"function": "f"}] * 5}} for n in range(3_000)]}}),
    "a fingerprint of many parts": encoded({"fingerprint": ["{{ default }}", "x"] * 40_000}),
    "long fingerprints": encoded({"message": "x" * 8000, "fingerprint": ["{{ default }}"] * 100}),
    "a tree of exceptions": encoded({"exception": [{"type": "E", "mechanism": {"exception_id": 99 - n, "parent_id": max(0, 98 - n), "is_exception_group": n > 0}} for n in range(100)]}),
    "meta of many paths": encoded({"_meta": {f"k{n}": {"": {"rem": [["a", "s"]]}} for n in range(20_000)}}),
    "a long int": b'{"extra":{"a":' + b"9" * 900_000 + b"}}",
    "a long float": b'{"extra":{"a":0.' + b"9" * 900_000 + b"}}",
    "long ints": b'{"extra":{"a":[' + b",".join([b"9" * 4_000] * 200) + b"]}}",
    "a long timestamp": b'{"timestamp":"' + b"9" * 900_000 + b'"}',
    **{f"{levels} levels of {key}": _nested(levels, key) for levels in (10, 100, 900, 10_000, 170_000) for key in ("extra", "x", "user", "_meta")},
    "levels of lists": b'{"extra":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("form", BodyForm)
def test_what_is_hard_takes_bounded_time_and_memory(name, form):
    body = HARD[name] if form is BodyForm.STORE else envelope(HARD[name])
    digested(request(body, form), RULES)
    tracemalloc.start()
    try:
        digest(request(body, form), LIMITS)
    except Refusal:
        assert form is BodyForm.STORE or len(HARD[name]) > LIMITS.event_bytes_max
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 100 * 2**20


@pytest.mark.parametrize("name", COMPRESSORS)
def test_a_bomb_costs_no_more_than_its_limit(name):
    limits = IntakeLimits(envelope_bytes_max=2**20)
    bomb = COMPRESSORS[name](COMPRESSORS[name](bytes(64 * 2**20)))
    tracemalloc.start()
    try:
        with pytest.raises(Refusal):
            digest(request(bomb, encoding=f"{name},{name}"), limits)
        with pytest.raises(Refusal):
            digest(request(base64.b64encode(zlib.compress(bytes(2**24))), BodyForm.STORE), limits)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", sorted(HOSTILE.glob("*.*")), ids=lambda path: path.stem)
def test_what_was_found_once_is_digested_or_refused(path):
    digested(request(path.read_bytes(), BodyForm(path.suffix[1:])))
