import asyncio
import base64
import gzip
import json
import zlib
from itertools import pairwise
from urllib.parse import quote

import brotli
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.accepted import Accepted, BodyForm
from tocsin.domain.event.envelope import open_accepted
from tocsin.domain.event.limits import IntakeLimits

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
OTHER_KEY = "f" * 32
NEW_ID = "0123456789abcdef0123456789abcdef"
EVENT_ID = "9ec79c33ec9942ab8353589fcb2e04dc"
URL = "/api/42/envelope/"
STORE_URL = "/api/42/store/"
AUTH = ("X-Sentry-Auth", f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0")
EVENT = b'{"event_id":"%b"}\n{"type":"event"}\n{"message":"hi"}\n' % EVENT_ID.encode()
STORED = b'{"event_id":"%b","message":"hi"}' % EVENT_ID.encode()
EMPTY = b"{}\n"


def with_dsn(key=KEY, project_id=42):
    return EVENT.replace(b"{", b'{"dsn":"https://%b@host/%d",' % (key.encode(), project_id), 1)


def sentry(fields):
    return "X-Sentry-Auth", f"Sentry {fields}"


def basic(user):
    return "Authorization", "Basic " + base64.b64encode(f"{user}:".encode()).decode()


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        pytest.param(URL, [AUTH], id="x-sentry-auth"),
        pytest.param(URL, [("X-Sentry-Auth", f"sentry sentry_version=7,sentry_key={KEY}")], id="case-order-blanks"),
        pytest.param(URL, [sentry(f"sentry_key={KEY.upper()}")], id="upper-case"),
        pytest.param(
            URL, [sentry(f"sentry_version=6, sentry_key={KEY}, sentry_secret=x, sentry_timestamp=1")], id="raven"
        ),
        pytest.param(URL, [sentry(f"sentry_version=2.0, sentry_key={KEY}")], id="version-with-fraction"),
        pytest.param(URL, [("Authorization", f"Sentry sentry_key={KEY}")], id="authorization"),
        pytest.param(URL, [basic(KEY)], id="ingest-A19"),
        pytest.param(f"{URL}?sentry_key={KEY}&sentry_version=7&sentry_client=a%2F1", [], id="query"),
        pytest.param(f"{URL}?sentry_key={KEY}", [AUTH], id="ingest-A17"),
        pytest.param(f"{URL}?sentry_key={OTHER_KEY}", [AUTH], id="header-before-query"),
        pytest.param(f"{URL}?sentry_key={KEY}", [("Authorization", "Bearer x")], id="bearer-of-a-proxy"),
        pytest.param(f"{URL}?sentry_key={KEY}", [basic("staging")], id="basic-of-a-proxy"),
        pytest.param("/api/42/envelope", [AUTH], id="no-trailing-slash"),
        pytest.param("//api//42/envelope//", [AUTH], id="slashes"),
        pytest.param("/api/envelope/", [AUTH], id="project-from-the-key"),
    ],
)
def test_every_way_to_name_the_key_is_taken(intake, url, headers):
    answer = intake.post(url, EVENT, *headers)
    assert (answer.status, answer.json) == (200, {"id": EVENT_ID})
    assert [(kept.project_id, kept.public_key, kept.event_id) for kept in intake.kept] == [(42, KEY, EVENT_ID)]


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        pytest.param(URL, [], id="ingest-A20"),
        pytest.param("/api/envelope/", [], id="dsn-alone"),
        pytest.param("/my-tunnel", [], id="tunnel"),
        pytest.param(URL, [AUTH], id="dsn-and-header"),
        pytest.param("/my-tunnel/", [AUTH], id="tunnel-and-header"),
    ],
)
def test_the_dsn_in_the_envelope_names_the_key(make_intake, url, headers):
    intake = make_intake(tunnel_paths=["/my-tunnel"])
    assert intake.post(url, with_dsn(), *headers).status == 200
    assert [(kept.project_id, kept.public_key) for kept in intake.kept] == [(42, KEY)]


@pytest.mark.parametrize(
    ("url", "body", "headers", "status"),
    [
        pytest.param(URL, EVENT, [], 401, id="ingest-A13"),
        pytest.param(STORE_URL, STORED, [], 401, id="store-without-auth"),
        pytest.param(URL, EVENT, [("X-Sentry-Auth", "nonsense")], 401, id="unreadable"),
        pytest.param(URL, EVENT, [sentry("sentry_version=7")], 401, id="no-key-in-the-header"),
        pytest.param(URL, EVENT, [sentry(f"sentry_key={KEY}, sentry_version=x")], 401, id="version-unreadable"),
        pytest.param(URL, EVENT, [("Authorization", "Bearer x")], 401, id="bearer"),
        pytest.param(URL, EVENT, [("Authorization", "Basic !")], 401, id="basic-unreadable"),
        pytest.param(URL, EVENT, [sentry(f"sentry_key={OTHER_KEY}")], 403, id="ingest-A14"),
        pytest.param("/api/43/envelope/", EVENT, [AUTH], 403, id="foreign-key"),
        pytest.param(URL, with_dsn(key=OTHER_KEY), [], 403, id="unknown-dsn"),
        pytest.param("/api/43/envelope/", with_dsn(project_id=43), [], 403, id="foreign-dsn"),
        pytest.param(URL, EVENT, [sentry(f"sentry_key={KEY}, sentry_version=8")], 400, id="ingest-A23"),
        pytest.param(f"{URL}?sentry_key={KEY}&sentry_version=99999", EVENT, [], 400, id="version-in-the-query"),
        pytest.param(URL, EVENT, [sentry("sentry_key=ghijk")], 400, id="bad-key"),
        pytest.param("/api/abc/envelope/", EVENT, [AUTH], 400, id="bad-project"),
        pytest.param("/api/%s/store/" % ("9" * 5000), STORED, [AUTH], 404, id="endless-path"),
        pytest.param("/api/%s/store/" % ("9" * 50), STORED, [AUTH], 400, id="endless-project"),
        pytest.param(URL, with_dsn(key=OTHER_KEY), [AUTH], 400, id="key-mismatch"),
        pytest.param(URL, with_dsn(project_id=43), [AUTH], 400, id="project-mismatch"),
        pytest.param(URL, with_dsn(project_id=43), [], 400, id="path-mismatch"),
        pytest.param("/api/envelope/", with_dsn(project_id=43), [AUTH], 400, id="project-mismatch-without-path"),
        pytest.param(URL, b"", [AUTH], 400, id="ingest-A26"),
        pytest.param(STORE_URL, b"", [AUTH], 400, id="empty-store"),
        pytest.param(STORE_URL, b"{", [AUTH], 400, id="bad-json"),
        pytest.param(URL, b"{}\nnope\n", [AUTH], 400, id="ingest-B10"),
        pytest.param(URL, EVENT.replace(EVENT_ID.encode(), b"not-a-uuid"), [AUTH], 400, id="ingest-B16"),
        pytest.param(URL, EVENT, [AUTH, ("Content-Encoding", "gzip")], 400, id="not-gzip"),
        pytest.param(URL, EVENT, [AUTH, ("Content-Encoding", "rot13")], 415, id="ingest-A28"),
        pytest.param("/api/42/upload/", b"x", [AUTH], 404, id="unknown-endpoint"),
        pytest.param("/somewhere", EVENT, [AUTH], 404, id="unknown-path"),
        pytest.param(f"{URL}?sentry_key={KEY}&" + "&".join(f"a{n}=1" for n in range(99)), EVENT, [], 400, id="fields"),
    ],
)
def test_a_refused_request_says_why_and_keeps_nothing(intake, url, body, headers, status):
    answer = intake.post(url, body, *headers)
    assert answer.status == status
    assert answer.json["detail"] == answer.headers["x-sentry-error"]
    assert isinstance(answer.json["causes"], list)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "x-sentry-error, x-sentry-rate-limits, retry-after"
    assert intake.kept == []


def test_nobody_learns_why_a_key_is_refused(make_intake):
    unknown = make_intake().post(URL, EVENT, sentry(f"sentry_key={OTHER_KEY}"))
    foreign = make_intake().post("/api/43/envelope/", EVENT, AUTH)
    disabled = make_intake(key={"is_active": False}).post(URL, EVENT, AUTH)
    assert unknown == foreign == disabled


@pytest.mark.parametrize("headers", [pytest.param([AUTH], id="ingest-A16")])
def test_a_disabled_key_is_refused(make_intake, headers):
    assert make_intake(key={"is_active": False}).post(URL, EVENT, *headers).status == 403


def test_a_bad_key_is_refused_before_the_body_is_read(intake):
    asked = []

    async def receive():
        asked.append(1)
        return {"type": "http.request", "body": EVENT}

    from_unknown = {"type": "http", "method": "POST", "path": URL, "query_string": b"sentry_key=7", "headers": []}
    start, _ = asyncio.run(intake.drive(from_unknown, receive))
    assert (start["status"], asked) == (403, [])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param([("Origin", "https://evil.example")], 403, id="ingest-A37"),
        pytest.param([], 200, id="ingest-A38"),
        pytest.param([("Origin", "https://shop.example.com")], 200, id="allowed"),
        pytest.param([("Referer", "https://evil.example/page")], 403, id="referer"),
    ],
)
def test_only_allowed_domains_may_send_from_a_browser(make_intake, headers, status):
    intake = make_intake(key={"allowed_domains": ("shop.example.com",)})
    answer = intake.post(URL, EVENT, AUTH, *headers)
    assert (answer.status, len(intake.kept)) == (status, 1 if status == 200 else 0)
    assert status == 200 or "cors" in answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "answered", "event_id", "kept"),
    [
        pytest.param(b"{}", {}, "", 0, id="ingest-B01"),
        pytest.param(b"{}\n", {}, "", 0, id="ingest-B02"),
        pytest.param(b'{"event_id":"%b"}' % EVENT_ID.encode(), {"id": EVENT_ID}, EVENT_ID, 0, id="header-only"),
        pytest.param(b'{}\n{"type":"session"}\n{}', {}, "", 1, id="session"),
        pytest.param(b'{}\n{"type":"event"}\n{}', {"id": NEW_ID}, NEW_ID, 1, id="generated"),
        pytest.param(b'{}\n{"type":"attachment"}\nx', {"id": NEW_ID}, NEW_ID, 1, id="attachment-alone"),
        pytest.param(b'{}\n{"type":"event"}\n' + STORED, {"id": EVENT_ID}, EVENT_ID, 1, id="from-the-payload"),
        pytest.param(
            b'{"event_id":"%b"}\n{"type":"event"}\n{"event_id":"%b"}' % (EVENT_ID.encode(), b"b" * 32),
            {"id": EVENT_ID},
            EVENT_ID,
            1,
            id="ingest-B13",
        ),
        pytest.param(
            EVENT.replace(EVENT_ID.encode(), b"9EC79C33-EC99-42AB-8353-589FCB2E04DC"),
            {"id": EVENT_ID},
            EVENT_ID,
            1,
            id="ingest-B14",
        ),
        pytest.param(b'{}\n{"type":"foo"}\nx\n{"type":"event"}\n{}', {"id": NEW_ID}, NEW_ID, 1, id="ingest-B11"),
        pytest.param(EVENT + b'{"type":"event"}\n{}', {"id": EVENT_ID}, EVENT_ID, 1, id="ingest-B17"),
        pytest.param(EVENT.replace(b"{", b'{"trace":7,', 1), {"id": EVENT_ID}, EVENT_ID, 1, id="ingest-B25"),
    ],
)
def test_an_envelope_is_answered_with_its_event_id(intake, body, answered, event_id, kept):
    answer = intake.post(URL, body, AUTH)
    assert (answer.status, answer.json, answer.headers["content-type"]) == (200, answered, "application/json")
    assert [one.event_id for one in intake.kept] == [event_id] * kept


@pytest.mark.parametrize(
    ("url", "body", "headers", "event_id"),
    [
        pytest.param(STORE_URL, STORED, [AUTH], EVENT_ID, id="ingest-A07"),
        pytest.param("/api/store/", STORED, [AUTH], EVENT_ID, id="project-from-the-key"),
        pytest.param(STORE_URL, b'{"message":"hi"}', [AUTH], NEW_ID, id="generated"),
        pytest.param(STORE_URL, b'{"event_id":"x","message":"hi"}', [AUTH], NEW_ID, id="bad-id"),
        pytest.param(STORE_URL, base64.b64encode(zlib.compress(STORED)), [AUTH], EVENT_ID, id="ingest-A34"),
        pytest.param(STORE_URL, STORED[:-1] + b',"x":NaN}', [AUTH], EVENT_ID, id="ingest-A35"),
        pytest.param(
            STORE_URL, STORED, [AUTH, ("Content-Type", "application/x-www-form-urlencoded")], EVENT_ID, id="form"
        ),
    ],
)
def test_a_store_body_is_kept_and_answered_with_its_id(intake, url, body, headers, event_id):
    answer = intake.post(url, body, *headers)
    assert (answer.status, answer.json) == (200, {"id": event_id})
    (kept,) = intake.kept
    assert (kept.form, kept.event_id, kept.body, kept.project_id) == (BodyForm.STORE, event_id, body, 42)
    assert json.loads(bytes(open_accepted(kept, IntakeLimits()).items[0].payload))["message"] == "hi"


def test_an_envelope_may_come_to_the_store_endpoint(intake):
    assert intake.post(STORE_URL, EVENT, AUTH, ("Content-Type", "application/x-sentry-envelope")).json == {
        "id": EVENT_ID
    }
    assert intake.kept[0].form is BodyForm.ENVELOPE


@pytest.mark.parametrize("pack", [bytes, base64.b64encode, lambda body: base64.b64encode(zlib.compress(body))])
@pytest.mark.parametrize("url", [STORE_URL, "/api/store/"])
def test_a_pixel_brings_an_event_in_its_query(intake, pack, url):
    packed = quote(pack(STORED), safe="+/=")
    answer = intake.send("GET", f"{url}?sentry_version=4&sentry_key={KEY}&sentry_data={packed}")
    assert (answer.status, answer.headers["content-type"], answer.body[:6]) == (200, "image/gif", b"GIF89a")
    assert [kept.event_id for kept in intake.kept] == [EVENT_ID]


@pytest.mark.parametrize(
    ("method", "url"),
    [
        pytest.param("GET", URL, id="ingest-A25"),
        pytest.param("GET", STORE_URL, id="store-without-data"),
        pytest.param("PUT", URL, id="put"),
        pytest.param("HEAD", STORE_URL, id="head"),
    ],
)
def test_another_method_is_not_allowed(intake, method, url):
    answer = intake.send(method, url, AUTH)
    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("url", [pytest.param("/api/44/envelope/", id="ingest-A11"), STORE_URL, "/api/store/"])
def test_a_browser_may_ask_first(intake, url):
    answer = intake.send("OPTIONS", url, ("Origin", "https://a.example"), ("Access-Control-Request-Method", "POST"))
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-max-age"] == "3600"
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert {"x-sentry-auth", "content-type", "sentry-trace", "baggage"} <= set(allowed)


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/api/42/envelope/", True),
        ("/api/42/store", True),
        ("/api/store/", True),
        ("/api/abc/envelope/", True),
        ("/api/42/minidump", True),
        ("/api/42/upload/", True),
        ("/api/abc/cron/nightly", True),
        ("/api/embed/error-page/", True),
        ("/api/0/security/", False),
        ("/api/0/cron/nightly/", False),
        ("/api/abc/unknown/", False),
        ("/pre/fix/api/42/envelope/", True),
        ("/my-tunnel", True),
        ("/api/0/projects/", False),
        ("/api/0/organizations/acme/issues/", False),
        ("/api/42", False),
        ("/api/", False),
        ("/", False),
        ("/other/api/42/envelope/", False),
        ("/issues/42/envelope/", False),
    ],
)
def test_the_intake_knows_its_paths(make_intake, path, ours):
    assert make_intake(path_prefix="/pre/fix/", tunnel_paths=["/my-tunnel/"]).app.matches(path) is ours


def test_a_dsn_with_a_path_posts_below_the_prefix(make_intake):
    assert make_intake(path_prefix="pre/fix").post("/pre/fix/api/42/envelope/", EVENT, AUTH).status == 200


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
        ("identity", bytes),
        ("gzip, br", lambda body: brotli.compress(gzip.compress(body))),
    ],
)
def test_a_compressed_body_is_kept_as_it_came(intake, encoding, compress):
    wire = compress(EVENT)
    assert intake.post(URL, wire, AUTH, ("Content-Encoding", encoding)).json == {"id": EVENT_ID}
    (kept,) = intake.kept
    assert (kept.body, kept.encoding) == (wire, encoding)
    assert bytes(open_accepted(kept, IntakeLimits()).items[0].payload) == b'{"message":"hi"}'


def test_a_large_compressed_body_is_decompressed_too(intake):
    body = EVENT + b'{"type":"attachment","length":3000000}\n' + bytes(3_000_000)
    assert intake.post(URL, gzip.compress(body), AUTH, ("Content-Encoding", "gzip")).json == {"id": EVENT_ID}


@pytest.mark.parametrize("size_bytes", [pytest.param(2_000_000_000, id="ingest-A29")])
def test_a_bomb_is_too_large(intake, size_bytes):
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    # After a full flush a block stands for itself, so that it can be repeated.
    block = stream.compress(bytes(1_000_000)) + stream.flush(zlib.Z_FULL_FLUSH)
    bomb = block * (size_bytes // 1_000_000)
    assert intake.post(URL, bomb, AUTH, ("Content-Encoding", "deflate")).status == 413


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        pytest.param(b'{}\n{"type":"event"}\n' + b"x" * (1024 * 1024 + 1), {}, id="ingest-A31"),
        pytest.param(
            b'{}\n{"type":"attachment"}\n' + b"x" * 1001 + b"\n" + EVENT[EVENT.index(b"\n") :],
            {"attachment_bytes_max": 1000},
            id="ingest-A32",
        ),
        pytest.param(EVENT, {"envelope_wire_bytes_max": 20}, id="wire"),
        pytest.param(EVENT, {"envelope_bytes_max": 20}, id="envelope"),
    ],
)
def test_a_body_beyond_a_limit_is_too_large(make_intake, body, limits):
    intake = make_intake(limits=limits)
    assert (intake.post(URL, body, AUTH).status, intake.kept) == (413, [])


def test_an_announced_length_beyond_the_limit_is_refused_unread(make_intake):
    intake = make_intake(limits={"envelope_wire_bytes_max": 1000})
    assert intake.send("POST", URL, AUTH, ("Content-Length", "1001"), chunks=(b"never read",)).status == 413


@given(cuts=st.lists(st.integers(0, len(EVENT)), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chunk_boundaries_never_matter(make_intake, cuts):
    intake = make_intake()
    edges = [0, *sorted(cuts), len(EVENT)]
    chunks = tuple(EVENT[start:end] for start, end in pairwise(edges))
    assert intake.send("POST", URL, AUTH, chunks=chunks).json == {"id": EVENT_ID}
    assert intake.kept[0].body == EVENT


def test_bodies_in_memory_are_bounded_and_given_back(make_intake):
    intake = make_intake(held_bytes_max=len(EVENT))
    half = len(EVENT) // 2
    for _ in range(3):
        assert intake.post(URL, EVENT, AUTH).status == 200
        crowded = intake.send("POST", URL, AUTH, chunks=(EVENT[:half], EVENT))
        assert (crowded.status, crowded.headers["retry-after"]) == (503, "30")


def test_a_disk_that_is_full_makes_the_intake_unavailable(make_intake):
    async def append(accepted: Accepted) -> None:
        raise Unavailable("The disk is full; free some space.")

    answer = make_intake(append=append).post(URL, EVENT, AUTH)
    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    assert answer.json == {"detail": "The disk is full; free some space.", "causes": []}


def test_our_own_fault_is_told_as_json_that_browsers_may_read(make_intake):
    async def append(accepted: Accepted) -> None:
        raise RuntimeError("secret inside")

    with capture_logs() as logs:
        answer = make_intake(append=append).post(URL, EVENT, AUTH)
    assert (answer.status, answer.headers["content-type"]) == (500, "application/json")
    assert answer.headers["access-control-allow-origin"] == "*"
    [line] = [one for one in logs if one["event"] == "request failed"]
    assert answer.json == {"detail": "Internal Error", "errorId": line["request_id"]}
    assert isinstance(line["exc_info"], RuntimeError)


def test_a_body_that_never_ends_is_refused_in_time(make_intake):
    async def receive():
        await asyncio.Event().wait()

    intake = make_intake(limits={"body_seconds_max": 0.01})
    scope = {
        "type": "http",
        "method": "POST",
        "path": URL,
        "query_string": f"sentry_key={KEY}".encode(),
        "headers": [],
        "client": None,
    }
    start, _ = asyncio.run(intake.drive(scope, receive))
    assert start["status"] == 400


def test_a_client_that_hangs_up_gets_no_answer(intake):
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive():
        return next(messages)

    scope = {
        "type": "http",
        "method": "POST",
        "path": URL,
        "query_string": f"sentry_key={KEY}".encode(),
        "headers": [],
        "client": None,
    }
    assert asyncio.run(intake.drive(scope, receive)) == []
    assert intake.kept == []


def test_what_is_known_of_the_client_is_kept(make_intake):
    intake = make_intake(trusted_proxies="192.0.2.1")
    intake.post(
        URL,
        EVENT,
        AUTH,
        ("User-Agent", "agent/1"),
        ("Origin", "https://shop.example.com"),
        ("X-Forwarded-For", "203.0.113.9"),
    )
    (kept,) = intake.kept
    assert (kept.client, kept.user_agent) == ("sentry.python/2.75.0", "agent/1")
    assert (kept.origin, kept.client_ip) == ("https://shop.example.com", "203.0.113.9")


def test_without_a_client_name_the_user_agent_stands_in(intake):
    intake.post(f"{URL}?sentry_key={KEY}", EVENT, ("User-Agent", "agent/1"))
    assert (intake.kept[0].client, intake.kept[0].client_ip) == ("agent/1", "192.0.2.1")
