import base64
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import Malformed, TooLarge, UnsupportedEncoding
from tocsin.domain.event.accepted import Accepted, BodyForm
from tocsin.domain.event.envelope import Envelope, Item, canonical_event_id, open_accepted, open_body, parse
from tocsin.domain.event.limits import IntakeLimits

CORPUS = Path(__file__).parents[2] / "corpus"
LIMITS = IntakeLimits()
SMALL = IntakeLimits(
    envelope_bytes_max=10_000,
    envelope_items_max=5,
    header_bytes_max=100,
    event_bytes_max=100,
    attachment_bytes_max=200,
    attachments_max=3,
    sessions_max=2,
    client_report_bytes_max=50,
)
EVENT_ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def shown(body: bytes, limits: IntakeLimits = LIMITS) -> list[tuple[str, bytes]]:
    return [(item.type, bytes(item.payload)) for item in parse(body, limits).items]


def opened(body: bytes, form: BodyForm = BodyForm.ENVELOPE, encoding: str = "", limits: IntakeLimits = LIMITS):
    accepted = Accepted(
        project_id=1,
        public_key="a" * 32,
        received=datetime(2026, 1, 31, tzinfo=UTC),
        form=form,
        encoding=encoding,
        body=body,
    )
    return open_accepted(accepted, limits)


def serialise(envelope: Envelope) -> bytes:
    parts = [msgspec.json.encode(envelope.headers), b"\n"]
    for item in envelope.items:
        parts += [msgspec.json.encode(item.headers), b"\n", bytes(item.payload), b"\n"]
    return b"".join(parts)


EVENT = (b'{"type":"event"}\n{"message":"hi"}', ("event", b'{"message":"hi"}'))


@pytest.mark.parametrize(
    ("body", "items"),
    [
        pytest.param(b"{}", [], id="ingest-B01"),
        pytest.param(b"{}\n", [], id="ingest-B02"),
        pytest.param(
            b'{}\n{"type":"attachment","length":0}\n\n{"type":"attachment","length":0}\n\n',
            [("attachment", b""), ("attachment", b"")],
            id="two-empty-attachments",
        ),
        pytest.param(
            b'{}\n{"type":"attachment","length":0}\n\n{"type":"attachment","length":0}',
            [("attachment", b""), ("attachment", b"")],
            id="ingest-B04",
        ),
        pytest.param(b'{}\n{"type":"attachment"}\nhelloworld', [("attachment", b"helloworld")], id="ingest-B05"),
        pytest.param(
            b'{}\n{"type":"attachment","length":10}\n\xef\xbb\xbfHello\r\n\n' + EVENT[0] + b"\n",
            [("attachment", b"\xef\xbb\xbfHello\r\n"), EVENT[1]],
            id="ingest-B07",
        ),
        pytest.param(b'{}\n{"type":"foo"}\nanything\n' + EVENT[0], [("foo", b"anything"), EVENT[1]], id="ingest-B11"),
        pytest.param(b"{}\n" + EVENT[0] + b"\n" + EVENT[0], [EVENT[1], EVENT[1]], id="ingest-B17"),
        pytest.param(
            b'{}\n{"type":"attachment","length":7}\na\n{}\n\0\xff\n' + EVENT[0],
            [("attachment", b"a\n{}\n\0\xff"), EVENT[1]],
            id="ingest-B22",
        ),
        pytest.param(b'{}\n{"type":"attachment","length":2}\na\n', [("attachment", b"a\n")], id="text-file-at-the-end"),
        pytest.param(b'{}\n{"type":"session"}', [("session", b"")], id="header-at-the-end"),
        pytest.param(b"{}\n\n \r\n" + EVENT[0] + b"\n\n\n", [EVENT[1]], id="blank-lines"),
        pytest.param(b"{}\r\n" + EVENT[0], [EVENT[1]], id="carriage-return-after-a-header"),
        pytest.param(b'{}\n{"type":"event"}\n{}\r\n', [("event", b"{}\r")], id="carriage-return-is-payload"),
        pytest.param(b'{}\n{"type":"event","length":null}\n{}', [("event", b"{}")], id="length-null"),
        pytest.param(b'{"trace":7,"event_id":null}\n' + EVENT[0], [EVENT[1]], id="ingest-B25"),
        pytest.param(b'{"trace":{"transaction":"cut \\ud83d"}}\n' + EVENT[0], [EVENT[1]], id="lone-surrogate"),
    ],
)
def test_envelopes_are_read_as_the_specification_says(body, items):
    assert shown(body) == items


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="ingest-A26"),
        pytest.param(b'{}\n{"type":"event","length":41}\n' + b"x" * 40 + b"\n", id="ingest-B08"),
        pytest.param(b'{}\n{"type":"attachment","length":41}\n' + b"x" * 40 + b"\n" + EVENT[0], id="ingest-B08-more"),
        pytest.param(b'{}\n{"type":"attachment","length":39}\n' + b"x" * 40 + b"\n", id="length-too-short"),
        pytest.param(b'{}\n{"type":"attachment","length":1}', id="length-without-payload"),
        pytest.param(b"{}\n" + EVENT[0] + b"\nnot json\n", id="ingest-B10"),
        pytest.param(b"not json\n" + EVENT[0], id="header-not-json"),
        pytest.param(b"[]\n" + EVENT[0], id="header-not-an-object"),
        pytest.param(b"\n{}\n" + EVENT[0], id="blank-line-first"),
        pytest.param(b"{}\n{}\nx", id="no-type"),
        pytest.param(b'{}\n{"type":7}\nx', id="type-not-text"),
        pytest.param(b'{}\n{"type":"event","length":-1}\nx', id="length-negative"),
        pytest.param(b'{}\n{"type":"event","length":true}\nx', id="length-boolean"),
        pytest.param(b'{}\n{"type":"event","length":1.0}\nx', id="length-fraction"),
        pytest.param(b'{}\n{"type":"event","length":"1"}\nx', id="length-text"),
        pytest.param(b'{}\n{"type":"event","length":4294967296}\nx', id="length-beyond-32-bits"),
        pytest.param(b'{"sent_at":"a","sent_at":"b"}\n', id="same-header-twice"),
        pytest.param(b'{}\n{"type":"event","type":"event"}\n{}', id="same-item-header-twice"),
        pytest.param(b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}", id="nested-too-deep"),
    ],
)
def test_broken_envelopes_are_malformed(body):
    with pytest.raises(Malformed):
        parse(body, LIMITS)


def test_a_header_key_may_occur_again_inside_a_value():
    body = b'{"event_id":"%b","trace":{"event_id":"x","sent_at":1},"sent_at":"\\"trace\\""}' % EVENT_ID.encode()
    assert parse(body, LIMITS).event_id == EVENT_ID


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        pytest.param(b'{}\n{"type":"event","length":101}\n' + b"x" * 101, "100", id="ingest-A31"),
        pytest.param(
            b'{}\n{"type":"attachment","length":201}\n' + b"x" * 201 + b"\n" + EVENT[0], "200", id="ingest-A32"
        ),
        pytest.param(b"{}\n" + (b'{"type":"event"}\n' + b"x" * 51 + b"\n") * 2, "100", id="events-together"),
        pytest.param(b"{}\n" + b'{"type":"attachment"}\n\n' * 4, "3", id="attachments"),
        pytest.param(b"{}\n" + b'{"type":"session"}\n{}\n{"type":"sessions"}\n{}\n' * 2, "2", id="sessions"),
        pytest.param(b"{}\n" + (b'{"type":"client_report"}\n' + b"x" * 26 + b"\n") * 2, "50", id="client-reports"),
        pytest.param(b"{}\n" + b'{"type":"new"}\n\n' * 6, "5", id="items"),
        pytest.param(b'{"a":"' + b"x" * 100 + b'"}', "100", id="header-line"),
        pytest.param(b'{}\n{"type":"event","a":"' + b"x" * 100 + b'"}\n{}', "100", id="item-header-line"),
    ],
)
def test_what_exceeds_a_limit_is_too_large(body, limit):
    with pytest.raises(TooLarge, match=limit):
        parse(body, SMALL)


@pytest.mark.parametrize(
    "body",
    [
        b'{}\n{"type":"event","length":100}\n' + b"x" * 100,
        b'{}\n{"type":"attachment","length":200}\n' + b"x" * 200,
        b"{}\n" + b'{"type":"attachment"}\n\n' * 3,
        b"{}\n" + b'{"type":"new"}\n\n' * 5,
        b'{"a":"' + b"x" * 92 + b'"}',
    ],
)
def test_what_just_reaches_a_limit_is_read(body):
    assert parse(body, SMALL)


def test_millions_of_blank_lines_take_no_time_of_their_own():
    assert shown(b"{}" + b"\n" * 20_000_000 + EVENT[0]) == [EVENT[1]]


@pytest.mark.parametrize(
    ("sent", "event_id"),
    [
        pytest.param("9EC79C33-EC99-42AB-8353-589FCB2E04DC", EVENT_ID, id="ingest-B14"),
        pytest.param(EVENT_ID, EVENT_ID, id="plain"),
        pytest.param("not-a-uuid", "", id="ingest-B16"),
        pytest.param(EVENT_ID + "0", "", id="too-long"),
        pytest.param(f"{EVENT_ID}\n", "", id="line-break"),
        pytest.param("9ec79c33ec-9942ab8353589fcb2e04dc", "", id="odd-dash"),
        pytest.param(7, "", id="number"),
        pytest.param(None, "", id="null"),
    ],
)
def test_event_ids_have_one_form(sent, event_id):
    assert canonical_event_id(sent) == event_id


def test_an_event_id_that_is_no_uuid_is_malformed():
    envelope = parse(b'{"event_id":"not-a-uuid"}', LIMITS)
    with pytest.raises(Malformed):
        _ = envelope.event_id


@pytest.mark.parametrize("dsn", ["7", '"nonsense"', '"https://key@host/1"', '"https://' + "a" * 600 + '@host/1"'])
def test_a_dsn_that_cannot_be_read_is_malformed(dsn):
    envelope = parse(b'{"dsn":%b}' % dsn.encode(), LIMITS)
    with pytest.raises(Malformed):
        _ = envelope.dsn


@pytest.mark.parametrize(
    ("items", "needs", "within"),
    [
        (b'{"type":"event"}\n{"event_id":"%b"}' % EVENT_ID.encode(), True, EVENT_ID),
        (b'{"type":"event"}\n{"event_id":7}', True, ""),
        (b'{"type":"event"}\nnot json', True, ""),
        (b'{"type":"feedback"}\n{}', True, ""),
        (b'{"type":"attachment"}\nx', True, ""),
        (b'{"type":"user_report"}\n{"event_id":"%b"}' % EVENT_ID.encode(), True, ""),
        (b'{"type":"session"}\n{}\n{"type":"log"}\n{}\n{"type":"client_report"}\n{}', False, ""),
    ],
)
def test_items_of_events_need_an_event_id(items, needs, within):
    envelope = parse(b"{}\n" + items, LIMITS)
    assert (envelope.needs_event_id, envelope.payload_event_id) == (needs, within)


@pytest.mark.parametrize("name", [pytest.param("python-attachment", id="ingest-B19")])
def test_the_attachments_of_the_python_sdk_arrive_intact(name):
    body = (CORPUS / f"{name}.envelope").read_bytes()
    envelope = opened(body, encoding="br")
    event, binary, text = envelope.items
    assert (event.type, len(binary.payload), bytes(text.payload)) == ("event", 15, "línea".encode())
    assert b"\0" in bytes(binary.payload)
    assert b"\xff" in bytes(binary.payload)


PAYLOAD = {"message": "hi", "extra": {"n": 1}}
JSON = json.dumps(PAYLOAD).encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(JSON, id="json"),
        pytest.param(b" \n" + JSON, id="white-space"),
        pytest.param(b"\xef\xbb\xbf" + JSON, id="byte-order-mark"),
        pytest.param(base64.b64encode(JSON), id="base64"),
        pytest.param(base64.encodebytes(JSON), id="base64-with-line-breaks"),
        pytest.param(base64.b64encode(zlib.compress(JSON)), id="ingest-A34"),
    ],
)
def test_a_store_body_is_read_in_every_wrapping(body):
    (item,) = opened(body, BodyForm.STORE).items
    assert (item.type, msgspec.json.decode(item.payload)) == ("event", PAYLOAD)


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        pytest.param(b'{"extra":{"a":NaN,"b":-Infinity}}', {"extra": {"a": None, "b": None}}, id="ingest-A35"),
        pytest.param(base64.b64encode(b'{"a":Infinity}'), {"a": None}, id="in-base64"),
        pytest.param(b'{"a":"\xff"}', {"a": "\ufffd"}, id="not-utf-8"),
    ],
)
def test_a_careless_store_body_becomes_strict_json(body, payload):
    (item,) = opened(body, BodyForm.STORE).items
    assert msgspec.json.decode(item.payload) == payload


def test_a_store_body_may_be_a_transaction():
    assert opened(b'{"type":"transaction"}', BodyForm.STORE).items[0].type == "transaction"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n", id="blank"),
        pytest.param(b"{", id="json-cut-short"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"!!", id="noise"),
        pytest.param(base64.b64encode(b"[]"), id="base64-of-an-array"),
        pytest.param(b"abc", id="base64-cut-short"),
        pytest.param(b"\xff\xfe", id="not-ascii"),
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nested-too-deep"),
    ],
)
def test_a_store_body_that_is_no_event_is_malformed(body):
    with pytest.raises(Malformed):
        opened(body, BodyForm.STORE)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"' + b"x" * 100 + b'"}',
        base64.b64encode(b'{"a":"' + b"x" * 100 + b'"}'),
        base64.b64encode(zlib.compress(b'{"a":"' + b"x" * 10_000_000 + b'"}')),
    ],
)
def test_a_store_body_beyond_the_limit_is_too_large(body):
    with pytest.raises(TooLarge, match="100"):
        opened(body, BodyForm.STORE, limits=msgspec.structs.replace(SMALL, envelope_bytes_max=10**8))


def test_a_bomb_is_too_large():
    with pytest.raises(TooLarge, match="10000"):
        opened(zlib.compress(bytes(10**7)), encoding="deflate", limits=SMALL)


def test_an_unknown_content_encoding_is_refused():
    with pytest.raises(UnsupportedEncoding):
        opened(b"{}", encoding="rot13")


def test_a_body_that_cannot_be_decompressed_is_malformed():
    with pytest.raises(Malformed):
        opened(b"{}", encoding="gzip")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
header_names = st.text(max_size=12).filter(lambda name: name not in {"type", "length"})
headers = st.dictionaries(header_names, json_values, max_size=4)


@st.composite
def items(draw) -> Item:
    item_type = draw(st.sampled_from(["event", "attachment", "session", "new"]))
    payload = draw(st.binary(max_size=60)).rstrip(b"\n" if item_type == "event" else b"")
    given_length = {"length": len(payload)} if b"\n" in payload or draw(st.booleans()) else {}
    return Item(headers=draw(headers) | {"type": item_type} | given_length, type=item_type, payload=memoryview(payload))


envelopes = st.builds(
    lambda headers, items: Envelope(headers=headers, items=tuple(items)), headers, st.lists(items(), max_size=5)
)


@given(envelopes)
def test_an_envelope_survives_the_way_over_the_wire(envelope):
    assert parse(serialise(envelope), LIMITS) == envelope


@given(envelopes, st.data())
def test_a_damaged_envelope_is_read_or_refused(envelope, data):
    body = bytearray(serialise(envelope))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert isinstance(parse(bytes(body), SMALL), Envelope)
    except (Malformed, TooLarge):
        return


pieces = st.sampled_from(
    [b"{", b"}", b"\n", b'"', b'"type"', b'"length"', b":", b",", b"[", b"]", b"1", b"9" * 30, b"\\ud800"]
)


@given(st.one_of(st.binary(max_size=200), st.lists(pieces, max_size=30).map(b"".join)), st.sampled_from(BodyForm))
def test_any_bytes_are_read_or_refused(body, form):
    try:
        assert isinstance(open_body(body, form, "", SMALL), Envelope)
    except (Malformed, TooLarge):
        return
