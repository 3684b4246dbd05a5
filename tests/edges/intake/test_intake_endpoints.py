"""What browsers, crash reporters and cron jobs post, and the envelopes that come of it (spec/ingest.md 1.1, 1.9-1.11)."""

import bz2
import gzip
import json
import lzma
import struct
from urllib.parse import quote, urlencode

import msgspec
import pytest
import zstandard

from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.pipeline import digest

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
NEW_ID = "0123456789abcdef0123456789abcdef"
NEW_UUID = b"01234567-89ab-cdef-0123-456789abcdef"
ID = "9ec79c33ec9942ab8353589fcb2e04dc"
UUID = b"9ec79c33-ec99-42ab-8353-589fcb2e04dc"
QUERY = f"?sentry_key={KEY}"
SECURITY = f"/api/42/security/{QUERY}"
MINIDUMP = f"/api/42/minidump/{QUERY}"
CSP_TYPE = ("Content-Type", "application/csp-report")
CSP = {
    "csp-report": {
        "document-uri": "https://shop.example.com/cart?id=7",
        "violated-directive": "script-src-elem 'self'",
        "blocked-uri": "https://evil.example/x.js",
        "status-code": 200,
    }
}
DUMP = b"MDMP" + bytes(28)
FORM = ("Content-Type", 'multipart/form-data; boundary="xyz"')


def form(*parts):
    """Return a multipart body of (name, filename or None, data)."""
    body = b""
    for name, filename, data in parts:
        file = f'; filename="{filename}"' if filename is not None else ""
        body += f'--xyz\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + data + b"\r\n"
    return body + b"--xyz--\r\n"


def event_of(intake):
    """Return the only event that was kept, as digest stores it."""
    (kept,) = intake.kept
    (event,) = digest(kept, IntakeLimits()).events
    return event, msgspec.json.decode(event.payload)


@pytest.mark.parametrize("path", [pytest.param("security", id="ingest-J12"), "csp-report", "/security", "security//"])
def test_a_csp_report_becomes_an_event(intake, path):
    answer = intake.post(
        f"/api/42/{path}{QUERY}&sentry_release=shop%402&sentry_environment=qa",
        json.dumps(CSP).encode(),
        CSP_TYPE,
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("Referer", "https://shop.example.com/"),
    )
    assert (answer.status, answer.body, answer.headers["access-control-allow-origin"]) == (200, b"", "*")
    event, payload = event_of(intake)
    assert (event.type, event.event_id, event.level, event.release, event.environment) == (
        "csp", NEW_ID, "error", "shop@2", "qa",
    )  # fmt: skip
    assert event.title == "Blocked 'script' from 'evil.example'"
    assert (payload["logger"], payload["user"]["ip_address"]) == ("csp", "192.0.2.1")
    assert payload["request"]["url"] == "https://shop.example.com/cart"
    assert dict(payload["request"]["headers"])["Referer"] == "https://shop.example.com/"
    assert payload["contexts"]["browser"]["name"] == "Firefox"
    assert payload["csp"]["effective_directive"] == "script-src-elem"


@pytest.mark.parametrize(
    ("media_type", "sent", "kind", "title"),
    [
        ("application/json", CSP, "csp", "Blocked 'script' from 'evil.example'"),
        ("application/csp-report; charset=utf-8", CSP, "csp", "Blocked 'script' from 'evil.example'"),
        (
            "application/expect-ct-report+json",
            {"expect-ct-report": {"hostname": "a.example", "port": 443, "date-time": "2026-01-31T10:00:00Z"}},
            "expectct",
            "Expect-CT validation failed for 'a.example'",
        ),
        (
            "application/expect-staple-report",
            {"expect-staple-report": {"hostname": "a.example", "response-status": "MISSING"}},
            "expectstaple",
            "Expect-Staple validation failed for 'a.example'",
        ),
        (
            "application/json",
            {"hostname": "a.example", "port": 8443, "known-pins": ["pin-sha256='x'"]},
            "hpkp",
            "Public key pinning validation failed for 'a.example'",
        ),
    ],
)
def test_every_kind_of_report_becomes_an_event_of_its_type(intake, media_type, sent, kind, title):
    answer = intake.post(SECURITY, json.dumps(sent).encode(), ("Content-Type", media_type))
    assert (answer.status, answer.body) == (200, b"")
    event, payload = event_of(intake)
    assert (event.type, event.title, payload["logger"]) == (kind, title, kind)


def test_an_array_of_reports_becomes_one_event_each(intake):
    violation = {
        "type": "csp-violation",
        "age": 60_000,
        "url": "https://shop.example.com/",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "body": {
            "documentURL": "https://shop.example.com/",
            "blockedURL": "https://evil.example/x.png",
            "effectiveDirective": "img-src",
            "statusCode": 200,
        },
    }
    sent = [violation, {"type": "deprecation", "body": {}}, violation]
    answer = intake.post(SECURITY, json.dumps(sent).encode(), ("Content-Type", "application/reports+json"))
    assert answer.status == 200
    events = [event for kept in intake.kept for event in digest(kept, IntakeLimits()).events]
    assert [event.title for event in events] == ["Blocked 'image' from 'evil.example'"] * 2
    assert {(intake.now - event.timestamp).total_seconds() for event in events} == {60}
    assert intake.counted() == {("security", "filtered", "not-stored"): 1}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (json.dumps(CSP).encode(), [("Content-Type", "text/plain")], 415),
        (json.dumps(CSP).encode(), [], 415),
        (b"", [CSP_TYPE], 400),
        (b"  ", [CSP_TYPE], 400),
        (b"{", [CSP_TYPE], 400),
        (b"7", [CSP_TYPE], 400),
        (b"{}", [CSP_TYPE], 400),
        (b"[7]", [("Content-Type", "application/reports+json")], 400),
        (json.dumps([{}] * 101).encode(), [("Content-Type", "application/reports+json")], 413),
        (b'{"csp-report":{"x":"' + b"x" * 2**20 + b'"}}', [CSP_TYPE], 413),
        (b"[" * 5000, [CSP_TYPE], 400),
    ],
)
def test_what_is_no_report_is_refused(intake, body, headers, status):
    answer = intake.post(SECURITY, body, *headers)
    assert (answer.status, intake.kept) == (status, [])
    assert answer.json["detail"] == answer.headers["x-sentry-error"]


@pytest.mark.parametrize(
    "url", ["/api/42/security/", "/api/42/minidump/", "/api/42/cron/x", "/api/42/nel/", "/api/42/otlp/v1/traces"]
)
def test_no_endpoint_takes_anything_without_a_key(intake, url):
    assert intake.post(url, b"{}", ("Content-Type", "application/json")).status == 401
    assert intake.post(f"{url}?sentry_key={'f' * 32}", b"{}", ("Content-Type", "application/json")).status == 403


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, bz2.compress, zstandard.compress])
@pytest.mark.parametrize("path", ["/api/42/minidump", "/api/42/minidump/"])
def test_a_minidump_becomes_a_fatal_event_with_the_dump_as_its_file(intake, pack, path):
    body = form(
        ("upload_file_minidump", "crash.dmp", pack(DUMP)), ("product", None, b"pump"), ("log", "a.log", b"\xff")
    )
    answer = intake.post(path + QUERY, body, FORM)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, NEW_UUID, "text/plain")
    event, payload = event_of(intake)
    assert (event.level, event.platform, event.title) == ("fatal", "native", "Minidump")
    assert payload["exception"]["values"][0]["mechanism"]["type"] == "minidump"
    assert payload["extra"] == {"product": "pump"}
    (_, (dump, data), (log, content)) = intake.items()[0]
    assert (dump["attachment_type"], dump["filename"], data) == ("event.minidump", "crash.dmp", DUMP)
    assert (log["attachment_type"], log["filename"], content) == ("event.attachment", "a.log", b"\xff")


def test_the_suffix_of_a_container_is_dropped(intake):
    intake.post(MINIDUMP, form(("upload_file_minidump", "crash.dmp.gz", gzip.compress(DUMP))), FORM)
    assert intake.items()[0][1][0]["filename"] == "crash.dmp"


@pytest.mark.parametrize("media_type", ["application/octet-stream", "application/x-dmp"])
def test_a_bare_minidump_is_taken(intake, media_type):
    assert intake.post(MINIDUMP, b"PMDM" + bytes(60), ("Content-Type", media_type)).body == NEW_UUID
    assert event_of(intake)[0].level == "fatal"


def test_a_compressed_request_is_decompressed_first(intake):
    answer = intake.post(
        MINIDUMP, gzip.compress(DUMP), ("Content-Type", "application/x-dmp"), ("Content-Encoding", "gzip")
    )
    assert answer.status == 200
    assert (intake.kept[0].encoding, intake.items()[0][1][1]) == ("", DUMP)


def test_a_large_minidump_is_taken_whole(intake):
    dump = DUMP + bytes(3_000_000)
    assert intake.post(MINIDUMP, form(("upload_file_minidump", "a.dmp", dump)), FORM).status == 200
    assert intake.items()[0][1][1] == dump


@pytest.mark.parametrize(
    ("fields", "event_id", "message"),
    [
        ([("sentry", None, b'{"event_id":"%s","message":"a"}' % ID.encode())], UUID, "a"),
        ([("sentry[event_id]", None, ID.encode()), ("sentry[message]", None, b"b")], UUID, "b"),
        ([("sentry__2", None, b'sage":"c"}'), ("sentry__1", None, b'{"mes')], NEW_UUID, "c"),
        (
            [("__sentry-event", "e", msgspec.msgpack.encode({"event_id": UUID.decode(), "message": "d"}))],
            UUID,
            "d",
        ),
        (
            [
                ("sentry", None, b'{"event_id":"%s","message":"e"}' % (b"b" * 32)),
                ("__sentry-event", "e", msgspec.msgpack.encode({"event_id": ID, "message": "d"})),
            ],
            UUID,
            "e",
        ),
        ([("sentry", None, b"{broken"), ("sentry[message]", None, b"f")], NEW_UUID, "f"),
    ],
)
def test_the_fields_of_a_form_tell_of_the_event(intake, fields, event_id, message):
    answer = intake.post(MINIDUMP, form(("upload_file_minidump", "a.dmp", DUMP), *fields), FORM)
    assert (answer.status, answer.body) == (200, event_id)
    event, payload = event_of(intake)
    assert (event.event_id, payload["logentry"]["formatted"]) == (event_id.decode().replace("-", ""), message)


def test_bracketed_fields_make_objects(intake):
    fields = [("sentry[tags][a]", None, b"1"), ("sentry[user][id]", None, b"7"), ("sentry[tags][b]", None, b"2")]
    intake.post(MINIDUMP, form(("upload_file_minidump", "a.dmp", DUMP), *fields), FORM)
    payload = event_of(intake)[1]
    assert payload["user"]["id"] == "7"
    assert {"a": "1", "b": "2"}.items() <= dict(payload["tags"]).items()


def test_streams_of_breadcrumbs_are_put_in_order_and_a_view_hierarchy_is_known(intake):
    first = b"".join(msgspec.msgpack.encode({"timestamp": second, "message": str(second)}) for second in (3, 1))
    second = msgspec.msgpack.encode({"timestamp": 2, "message": "2", "data": {"a": [1, "x" * 300]}})
    intake.now = intake.now.fromtimestamp(5, intake.now.tzinfo)
    body = form(
        ("upload_file_minidump", "a.dmp", DUMP),
        ("__sentry-breadcrumb1", "__sentry-breadcrumb1", first),
        ("__sentry-breadcrumb2", "__sentry-breadcrumb2", second + b"\x81"),
        ("view-hierarchy.json", "view-hierarchy.json", b"{}"),
    )
    assert intake.post(MINIDUMP, body, FORM).status == 200
    payload = event_of(intake)[1]
    assert [crumb["message"] for crumb in payload["breadcrumbs"]["values"]] == ["1", "2", "3"]
    files = digest(intake.kept[0], IntakeLimits()).attachments
    assert [file.attachment_type for file in files] == ["event.minidump", "event.view_hierarchy"]


def test_the_reason_of_a_crash_is_read_from_the_dump(intake):
    exception = struct.pack("<IIIIQQ", 1, 0, 0xC0000005, 0, 0, 0)
    dump = struct.pack("<4sIII", b"MDMP", 0, 2, 16) + struct.pack("<IIIIII", 7, 0, 0, 6, len(exception), 40) + exception
    intake.post(MINIDUMP, dump, ("Content-Type", "application/x-dmp"))
    assert event_of(intake)[0].title == "Minidump: EXCEPTION_ACCESS_VIOLATION"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(form(("other", "a.dmp", DUMP)), [FORM], 400, id="ingest-J14"),
        pytest.param(form(("upload_file_minidump", "a.dmp", b"hello")), [FORM], 400, id="ingest-J15"),
        pytest.param(b"hello", [("Content-Type", "application/x-dmp")], 400, id="bare"),
        pytest.param(b"", [("Content-Type", "application/x-dmp")], 400, id="empty"),
        pytest.param(form(), [FORM], 400, id="no-parts"),
        pytest.param(b"", [FORM], 400, id="empty-form"),
        pytest.param(form(("upload_file_minidump", "a.dmp", DUMP))[:-20], [FORM], 400, id="cut-off"),
        pytest.param(form(), [("Content-Type", "multipart/form-data")], 400, id="no-boundary"),
        pytest.param(form(("upload_file_minidump", "a", gzip.compress(DUMP)[:-9])), [FORM], 400, id="damaged-gzip"),
        pytest.param(form(("upload_file_minidump", "a", lzma.compress(DUMP)[:-9])), [FORM], 400, id="damaged-xz"),
        pytest.param(form(("upload_file_minidump", "a", b"BZh9nope")), [FORM], 400, id="damaged-bzip2"),
        pytest.param(DUMP, [("Content-Type", "text/plain")], 415, id="text"),
        pytest.param(DUMP, [], 415, id="no-type"),
        pytest.param(form(*[(f"a{n}", None, b"") for n in range(600)]), [FORM], 413, id="fields"),
        pytest.param(
            form(("upload_file_minidump", "a", DUMP), ("sentry", None, b'{"a":"' + b"x" * 2**20 + b'"}')),
            [FORM],
            413,
            id="large-event",
        ),
    ],
)
def test_what_is_no_minidump_is_refused(intake, body, headers, status):
    assert (intake.post(MINIDUMP, body, *headers).status, intake.kept) == (status, [])


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, zstandard.compress])
def test_a_container_is_expanded_under_the_limit_only(make_intake, pack):
    intake = make_intake(limits={"attachment_bytes_max": 1_000_000})
    packed = pack(DUMP + bytes(1_000_001))
    assert intake.post(MINIDUMP, form(("upload_file_minidump", "a", packed)), FORM).status == 413


def test_a_container_of_unreal_is_kept_whole_with_a_fatal_event(intake):
    answer = intake.post(f"/api/42/unreal/{KEY}/", b"CR1 whatever", ("Content-Type", "application/octet-stream"))
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, NEW_UUID, "text/plain")
    event, payload = event_of(intake)
    assert (event.level, event.platform) == ("fatal", "native")
    assert payload["exception"]["values"][0]["mechanism"]["type"] == "unreal"
    (file,) = digest(intake.kept[0], IntakeLimits()).attachments
    assert file.data == b"CR1 whatever"
    assert intake.post(f"/api/42/unreal/{KEY}/", b"").status == 400
    assert intake.post(f"/api/42/unreal/{'f' * 32}/", b"x").status == 403


@pytest.mark.parametrize("event_id", [ID, UUID.decode(), ID.upper()])
def test_files_come_for_an_event_by_its_id(intake, event_id):
    body = form(("a", "a.txt", b"one"), ("b", None, b"two\r\nthree"))
    answer = intake.post(f"/api/42/events/{event_id}/attachments/{QUERY}", body, FORM)
    assert (answer.status, answer.body) == (201, b"")
    files = digest(intake.kept[0], IntakeLimits()).attachments
    assert [(file.event_id, file.filename, file.data) for file in files] == [
        (ID, "a.txt", b"one"),
        (ID, "b", b"two\r\nthree"),
    ]


@pytest.mark.parametrize(
    ("event_id", "body", "headers", "status"),
    [
        ("nope", form(("a", "a", b"x")), [FORM], 400),
        (ID, form(), [FORM], 400),
        (ID, b"", [FORM], 400),
        (ID, b"x", [("Content-Type", "text/plain")], 415),
        (ID, form(*[("a", "a", b"x")] * 101), [FORM], 413),
    ],
)
def test_files_that_cannot_be_read_are_refused(intake, event_id, body, headers, status):
    answer = intake.post(f"/api/42/events/{event_id}/attachments/{QUERY}", body, *headers)
    assert (answer.status, intake.kept) == (status, [])


@pytest.mark.parametrize(
    ("method", "url", "body", "check_in"),
    [
        pytest.param(
            "GET", f"/api/42/cron/nightly-export/{KEY}?status=ok", b"", {"status": "ok", "check_in_id": "0" * 32},
            id="ingest-I16",
        ),
        (
            "POST",
            f"/api/42/cron/nightly-export/{QUERY}&status=in_progress&environment=qa&duration=1.5&check_in_id={ID}",
            b"",
            {"status": "in_progress", "check_in_id": ID, "environment": "qa", "duration": 1.5},
        ),
        (
            "POST", f"/api/42/cron/nightly-export/{KEY}/",
            json.dumps({"monitor_slug": "x", "status": "error", "monitor_config": {"schedule": {"type": "crontab"}}}).encode(),
            {
                "status": "error", "check_in_id": "0" * 32,
                "monitor_config": {"schedule": {"type": "crontab"}},
            },
        ),
        ("GET", f"/api/42/cron/nightly-export/{KEY}?duration=soon", b"", {"check_in_id": "0" * 32}),
        ("POST", f"/api/42/cron/nightly-export/{KEY}?status=ok", b"{oops", {"status": "ok", "check_in_id": "0" * 32}),
    ],
)  # fmt: skip
def test_a_cron_job_checks_in_over_plain_http(intake, method, url, body, check_in):
    headers = [("Content-Type", "application/json")] if body else []
    answer = intake.send(method, url, *headers, chunks=(body,))
    assert (answer.status, answer.body) == (202, b"")
    (((header, payload),),) = intake.items()
    assert header["type"] == "check_in"
    assert json.loads(payload) == {"monitor_slug": "nightly-export", **check_in}


@pytest.mark.parametrize(
    ("url", "body", "counted"),
    [
        (f"/api/42/nel/{QUERY}", b'[{"type":"network-error"},{}]', {("internal", "filtered", "not-stored"): 2}),
        (f"/api/42/nel/{QUERY}", b"[]", {}),
        (f"/api/42/otlp/v1/traces{QUERY}", b"\x0a\x00", {("span", "filtered", "not-stored"): 1}),
        (f"/api/42/integration/otlp/v1/traces/{QUERY}", b"", {("span", "filtered", "not-stored"): 1}),
        (f"/api/42/integration/otlp/v1/logs{QUERY}", b"{}", {("log_item", "filtered", "not-stored"): 1}),
    ],
)
def test_what_nobody_keeps_is_accepted_and_counted(intake, url, body, counted):
    assert intake.post(url, body).status == 200
    assert (intake.kept, intake.counted()) == ([], counted)


def test_network_errors_that_are_no_json_are_refused(intake):
    assert intake.post(f"/api/42/nel/{QUERY}", b"nope").status == 400


DIALOG = "/api/embed/error-page/?" + urlencode({"dsn": f"https://{KEY}@host/42", "eventId": ID})


def test_the_dialog_is_a_script_that_cannot_be_broken_out_of(intake):
    title = '"</script><script>alert(1)//'
    answer = intake.send("GET", f"{DIALOG}&title={quote(title)}&name=Jane&successMessage=a%E2%80%A8b")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    text = answer.body.decode()
    assert "</script" not in text
    assert "\u2028" not in text
    start = text.index("options = ") + len("options = ")
    options = json.JSONDecoder().raw_decode(text[start:])[0]
    assert (options["eventId"], options["texts"]["title"], options["texts"]["name"]) == (ID, title, "Jane")


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=xyz"])
def test_what_a_visitor_writes_becomes_a_report(intake, media_type):
    fields = {"name": "Jane", "email": "jane@example.com", "comments": "I clicked.\nBoom ☃"}
    is_form = media_type.startswith("multipart")
    body = form(*[(name, None, value.encode()) for name, value in fields.items()]) if is_form else urlencode(fields)
    answer = intake.post(DIALOG, body if is_form else body.encode(), ("Content-Type", media_type))
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
    (((header, payload),),) = intake.items()
    assert header["type"] == "user_report"
    assert json.loads(payload) == {"event_id": ID, **fields}
    assert intake.kept[0].event_id == ID


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("GET", "/api/embed/error-page/", b"", 401),
        ("GET", f"/api/embed/error-page/?eventId={ID}&dsn=nope", b"", 400),
        ("GET", DIALOG.replace(KEY, "f" * 32), b"", 403),
        ("GET", DIALOG.replace(ID, "nope"), b"", 400),
        ("POST", DIALOG.replace(ID, "nope"), b"name=a&email=b&comments=c", 400),
        ("POST", DIALOG, b"", 400),
        ("POST", DIALOG, b"name=a&email=b", 400),
        ("POST", DIALOG, b"name=a&email=b&comments=" + b"c" * 4097, 400),
        ("POST", DIALOG, b"&".join([b"a=1"] * 99), 400),
    ],
)
def test_a_dialog_without_what_it_needs_is_refused(intake, method, url, body, status):
    answer = intake.send(method, url, chunks=(body,))
    assert (answer.status, intake.kept) == (status, [])


def test_the_dialog_is_for_allowed_domains_only(make_intake):
    intake = make_intake(key={"allowed_domains": ("shop.example.com",)})
    assert intake.send("GET", DIALOG, ("Referer", "https://evil.example/")).status == 403
    assert intake.send("GET", DIALOG, ("Referer", "https://shop.example.com/")).status == 200


@pytest.mark.parametrize(
    ("url", "methods"),
    [
        (SECURITY, "POST"),
        ("/api/42/minidump", "POST"),
        ("/api/42/nel/", "POST"),
        (f"/api/42/events/{ID}/attachments/", "POST"),
        ("/api/42/cron/nightly", "GET, POST"),
        ("/api/embed/error-page/", "GET, POST"),
    ],
)
def test_every_endpoint_says_what_it_takes(intake, url, methods):
    asked = intake.send("OPTIONS", url)
    assert (asked.status, asked.headers["access-control-allow-methods"]) == (200, methods)
    other = intake.send("BREW", url)
    assert (other.status, other.headers["allow"]) == (405, f"{methods}, OPTIONS")
    assert other.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("url", ["/api/abc/security/", "/api/abc/minidump", "/api/abc/cron/x", "/api/abc/nel"])
def test_a_project_that_is_no_number_is_refused(intake, url):
    assert intake.post(url + QUERY, b"{}").status == 400
