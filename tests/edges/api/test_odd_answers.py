"""What is answered when nothing fits, when a request is broken, and when we are (spec/search.md 3.7)."""

import asyncio

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from tocsin import observe

NOT_FOUND = {"detail": "The requested resource does not exist"}
BULK = "/organizations/acme/issues/"


def counted(method, route, status):
    return observe.REGISTRY.get_sample_value(
        "tocsin_http_seconds_count", {"method": method, "route": route, "status": status}
    )


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/nothing/", "/organizations/acme/nothing/", "/issues/1/nothing/at/all/"])
def test_an_unknown_route_is_answered_numbered_and_logged(api, method, path):
    with capture_logs() as logs:
        answer = api.request(method, path)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert len(answer.headers["x-request-id"]) == 32
    [line] = [one for one in logs if one["event"] == "answered"]
    assert (line["method"], line["status"], line["path"]) == (method, 404, f"/api/0{path}")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", BULK), ("PATCH", "/issues/1/"), ("DELETE", "/"), ("FROB", "/issues/1/")]
)
def test_an_unknown_method_is_answered_numbered_and_logged(api, method, path):
    """search-L44"""
    with capture_logs() as logs:
        answer = api.request(method, path)
    assert (answer.status_code, answer.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert answer.headers["allow"]
    assert len(answer.headers["x-request-id"]) == 32
    assert [one["status"] for one in logs if one["event"] == "answered"] == [405]


def test_a_made_up_method_makes_no_new_metric(api):
    before = counted("other", "none", "405") or 0
    for method in ("FROB", "FNORD"):
        api.request(method, "/issues/1/")
    assert counted("FROB", "none", "405") is None
    assert counted("other", "none", "405") == before + 2


def test_every_answer_has_a_number_of_its_own(api):
    paths = ["/", BULK, "/nothing/", "/issues/999/"]
    numbers = {api.get(path).headers["x-request-id"] for path in paths}
    assert len(numbers) == len(paths)


def test_the_index_is_for_anybody(api):
    nobody = {"version": "0", "auth": None, "user": None}
    assert api.get("/", token="").json() == nobody
    for headers in ({"cookie": "tocsin_session=ended"}, {"authorization": "Digest x"}, {"authorization": "Bearer"}):
        answer = api.get("/", token="", headers=headers)
        assert (answer.status_code, answer.json()) == (200, nobody)
    shown = api.get("/").json()
    assert (shown["version"], shown["user"]["email"]) == ("0", "jane@acme.io")
    assert "event:read" in shown["auth"]["scopes"]


def test_a_wrong_token_is_refused_by_the_index_as_well(api):
    answer = api.get("/", token="wrong")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"status": }',
        b"\xff",
        b'{"status": "\xff"}',
        b"[1, 2]",
        b'"resolved"',
        b"null",
        b"7",
        b"[" * 100_000,
        b'{"statusDetails":' + b"[" * 50 + b"]" * 50 + b"}",
        b'{"statusDetails":' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b'{"a":' * 100_000,
        b'{"status":"resolved"} trailing',
        b"NaN",
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("path", [BULK, "/issues/1/"])
def test_a_body_that_cannot_be_read_is_refused(api, body, path):
    api.new_issue()
    answer = api.request("PUT", path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error - ")
    assert api.issue(1).status == "unresolved"


def test_a_body_may_be_as_deep_as_any_needs_to_be(api):
    api.new_issue()
    body = b'{"inboxDetails":' + b'{"a":' * 48 + b"[]" + b"}" * 49
    assert api.request("PUT", BULK, content=body).status_code == 200


@pytest.mark.parametrize("path", [BULK, "/issues/1/"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_that_is_too_large_is_refused_before_it_is_read_in_full(api, path, method, is_announced):
    issue_id = api.new_issue()
    limit = api.services.settings.api_body_bytes_max
    sent = []

    def body():
        for _ in range(64):
            sent.append(1)
            yield b" " * (limit // 8)

    content = b" " * (limit + 1) if is_announced else body()
    answer = api.request(method, path, content=content)
    assert answer.status_code == 413
    assert str(limit) in answer.json()["detail"]
    assert api.issue(issue_id).status == "unresolved"


def test_a_body_of_the_largest_size_is_read(api):
    api.new_issue()
    limit = api.services.settings.api_body_bytes_max
    body = b'{"status":"resolved"}'
    content = body + b" " * (limit - len(body))
    assert api.request("PUT", BULK, content=content).status_code == 200


def asked(app, messages, path="/api/0/issues/1/", method="PUT"):
    """Ask the application itself, with these messages as the body, and return the status and the body it answers."""
    sent = []
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path, "raw_path": path.encode(),
        "root_path": "", "query_string": b"", "headers": [(b"host", b"tocsin.test")], "client": ("192.0.2.1", 1),
        "server": ("tocsin.test", 80), "asgi": {"version": "3.0"},
    }  # fmt: skip
    waiting = iter(messages)

    async def receive():
        return next(waiting)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_a_client_that_hangs_up_is_no_fault_of_ours(api):
    part = {"type": "http.request", "body": b'{"sta', "more_body": True}
    with capture_logs() as logs:
        status, body = asked(api.client.app, [part, {"type": "http.disconnect"}])
    assert (status, b"Send the request again" in body) == (400, True)
    assert [one for one in logs if one["log_level"] == "error"] == []


# Our own faults


def check_fault(answer, logs):
    """Check that an answer shows a fault without its insides, and that the log names it by the same number."""
    assert answer.status_code == 500
    assert answer.json() == {"detail": "Internal Error", "errorId": answer.headers["x-request-id"]}
    [line] = [one for one in logs if one["event"] == "request failed"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert isinstance(line["exc_info"], Exception)


def test_a_handler_that_fails_is_told_without_its_insides(api):
    issue_id = api.new_issue()
    api.history.command("RENAME TABLE event TO event_away")
    try:
        with capture_logs() as logs:
            answer = api.get(f"/issues/{issue_id}/events/")
    finally:
        api.history.command("RENAME TABLE event_away TO event")
    check_fault(answer, logs)


class Broken:
    """Stands for a part that fails at whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError("secret inside")


@pytest.mark.parametrize(
    ("part", "path"),
    [
        pytest.param("authenticate", "/issues/1/", id="whoever-asks"),
        pytest.param("views", "/issues/1/", id="what-is-shown"),
        pytest.param("search", BULK, id="what-is-found"),
        pytest.param("settings", "/issues/1/", id="what-is-set"),
    ],
)
def test_a_part_that_fails_is_told_without_its_insides(api, part, path):
    api.client.app.state["services"] = replace(api.services, **{part: Broken()})
    with capture_logs() as logs:
        answer = api.get(path)
    check_fault(answer, logs)
    assert "secret" not in answer.text


def test_a_command_that_fails_is_told_and_changes_nothing(api):
    issue_id = api.new_issue()
    for part, method in (("triage", "PUT"), ("remove", "DELETE")):
        api.client.app.state["services"] = replace(api.services, **{part: Broken()})
        with capture_logs() as logs:
            answer = api.request(method, f"{BULK}?id={issue_id}", json={"status": "resolved"})
        check_fault(answer, logs)
    assert api.issue(issue_id).status == "unresolved"


def test_machines_are_told_of_a_fault_as_well(api):
    api.client.app.state["services"] = replace(api.services, health=_fail, spool_depth=_fail)
    for path in ("/readyz", "/metrics"):
        with capture_logs() as logs:
            answer = api.client.get(path)
        check_fault(answer, logs)


def _fail():
    raise RuntimeError("secret inside")
