"""What is taken out of an event unless somebody turns it off (spec/ingest.md 3.13)."""

import pytest

from tocsin.domain.grouping import group
from tocsin.domain.privacy import privacy_of

GONE = "[Filtered]"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----"
FIRST = ("exception", "values", 0)
FRAME = (*FIRST, "stacktrace", "frames", 0)


def at(payload, *path):
    for step in path:
        payload = dict(payload)[step] if isinstance(payload, list) and isinstance(step, str) else payload[step]
    return payload


def note(payload, *path):
    node = payload["_meta"]
    for step in path:
        node = node[str(step)]
    return node[""]


def error(value="boom", **frame):
    stacktrace = {"frames": [{"function": "f", "filename": "a.py", **frame}]}
    return {"exception": {"values": [{"type": "E", "value": value, "stacktrace": stacktrace}]}}


@pytest.mark.parametrize(
    "key",
    [
        *("password", "the_secret", "api_key", "apiKey", "otp", "two-factor"),
        *("PASSWD", "api-key", "x-api-key-2", "auth", "oauth", "credentials", "MYSQL_PWD", "privateKey", "private_key"),
        *("private-key", "csrf_token", "tokens", "two_factor", "OTP", "bearer"),
    ],
)
def test_what_stands_under_a_sensitive_key_goes(extra, key):
    """ingest-D01"""
    assert extra({key: "x", "other": "x"}) == {key: GONE, "other": "x"}


def test_a_key_that_has_a_sensitive_word_in_it_is_sensitive(extra):
    """ingest-D02"""
    assert extra({"author": "bob"}) == {"author": GONE}


@pytest.mark.parametrize("key", ["otpx", "my_otp", "two_factor_on", "pass", "key", "session", "username"])
def test_other_keys_are_not_sensitive(extra, key):
    assert extra({key: "x"}) == {key: "x"}


@pytest.mark.parametrize("value", ["x", "", 7, 1.5, {"a": {"b": 1}}, [1, 2], {}])
def test_the_whole_value_under_a_sensitive_key_goes_whatever_its_type(scrubbed, value):
    payload = scrubbed({"extra": {"password": value}})
    assert payload["extra"] == {"password": GONE}
    assert note(payload, "extra", "password")["rem"] == [["@password:filter", "s", 0, 10]]


@pytest.mark.parametrize("value", [None, True, False])
def test_whether_something_is_set_is_no_secret(extra, value):
    assert extra({"password": value}) == {"password": value}


@pytest.mark.parametrize(
    "text",
    [
        *("my password is x", "a SECRET thing", "auth failed", "api-key 7", "apikey=1", "see the credentials"),
        *("MYSQL_PWD=1", "the private_key", "token=abc", "token: abc", "access_token = x", '{"token": "x"}', "author"),
    ],
)
def test_a_text_that_says_a_sensitive_word_goes_as_a_whole(extra, text):
    assert extra({"note": text, "list": [text, "x"], "deep": {"a": {"b": text}}}) == {
        "note": GONE,
        "list": [GONE, "x"],
        "deep": {"a": {"b": GONE}},
    }


@pytest.mark.parametrize("text", ["a token of love", "tokens", "key", "pass it on", "an api", "two-factor", ""])
def test_other_texts_stay(extra, text):
    assert extra({"note": text}) == {"note": text}


CARDS = ["4242 4242 4242 4242", "4242424242424242", "4242-4242-4242-4242", "5555555555554444", "6011111111111117",
         "6511 1111 1111 1111", "378282246310005", "3782 822463 10005", "3411-1111-1111-111"]  # fmt: skip


@pytest.mark.parametrize("card", CARDS)
def test_of_a_text_with_a_card_number_only_that_goes(scrubbed, card):
    """ingest-D05"""
    payload = scrubbed({"extra": {"text": f"card {card} ok"}})
    assert payload["extra"] == {"text": f"card {GONE} ok"}
    assert note(payload, "extra", "text") == {"rem": [["@creditcard:filter", "s", 5, 15]], "len": 8 + len(card)}


@pytest.mark.parametrize(
    "text",
    [
        *("1234567890123456", "424242424242424", "42424242424242424", "0.4242424242424242", "id a4242424242424242"),
        *("4242 4242 4242", "2023-10-10 10:10:10", "c4242424242424242f", "5055555555554444"),
    ],
)
def test_other_numbers_stay(extra, text):
    assert extra({"text": text}) == {"text": text}


def test_a_number_is_read_like_a_text(extra):
    numbers = {"card": 4242424242424242, "id": 1234567890123456, "list": [4242424242424242, 7]}
    assert extra(numbers) == {"card": GONE, "id": 1234567890123456, "list": [GONE, 7]}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("Bearer abc.def-1", GONE, id="bearer"),
        pytest.param("sent bearer abc= to b", f"sent {GONE} to b", id="bearer inside"),
        pytest.param("pay DE89370400440532013000!", f"pay {GONE}!", id="iban"),
        pytest.param("pay GB82 WEST 1234 5698 7654 32", f"pay {GONE}", id="iban with blanks"),
        pytest.param("ssn 078-05-1120.", f"ssn {GONE}.", id="ssn"),
        pytest.param(PEM, PEM.replace("MIIEpAIBAAKCAQEA\nabc=", GONE), id="pem"),
        pytest.param(
            PEM.replace("\n", "\\n"), f"{PEM[:31]}\\n{GONE}\\n{PEM[-29:]}", id="pem in an environment variable"
        ),
        pytest.param(PEM[:60], f"{PEM[:31]}\n{GONE}", id="pem without its end"),
        pytest.param("postgres://joe:hunter2@db/app", f"postgres://joe:{GONE}@db/app", id="url"),
        pytest.param("redis://:p@ss@h:1", f"redis://:{GONE}@h:1", id="url with an @ in the secret"),
    ],
)
def test_of_a_text_with_a_secret_only_that_goes(extra, text, left):
    assert extra({"text": text}) == {"text": left}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a bearer",
            "bearer: of news",
            "XX89370400440532013000",
            "de89370400440532013000",
            "DE89 3704 0044 0532 0130 01",
        ),
        *("078-05-11201", "1078-05-1120", "http://host:8080/p?q=a@b", "mail joe@acme.io", "ssh://git@host/x"),
        *("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----", "https://host/a:b@c", "2026-11-20"),
    ],
)
def test_what_only_looks_like_a_secret_stays(extra, text):
    assert extra({"text": text}) == {"text": text}


def test_the_authorization_header_goes_and_the_user_agent_stays(scrubbed):
    """ingest-D04"""
    agent = "secret/1.0 (password; 4242 4242 4242 4242)"
    payload = scrubbed({"request": {"headers": {"Authorization": "Bearer abc", "user-agent": agent, "Accept": "*/*"}}})
    headers = at(payload, "request", "headers")
    assert headers == [["Authorization", GONE], ["User-Agent", agent], ["Accept", "*/*"]]
    assert note(payload, "request", "headers", 0, 1)["len"] == 10


def test_user_names_in_paths_stay_unless_a_rule_says_otherwise(scrubbed):
    """ingest-D07"""
    sent = {"extra": {"path": "/Users/jane/app.py"}} | error(
        filename="/Users/jane/app.py", abs_path="/Users/jane/app.py"
    )
    payload = scrubbed(sent)
    assert payload["extra"] == {"path": "/Users/jane/app.py"}
    payload = scrubbed(
        sent, "[Replace] [Usernames in filepaths] with [[user]] from [$string]".replace("[[user]]", '["[user]"]')
    )
    assert payload["extra"] == {"path": "/Users/[user]/app.py"}
    assert at(payload, *FRAME, "filename") == at(payload, *FRAME, "abs_path") == "/Users/jane/app.py"


@pytest.mark.parametrize(
    "name", ["sessionid", "PHPSESSID", "__session", "csrf", "_iris_csrf", "XSRF-TOKEN", "su", "sudo"]
)
def test_session_cookies_go_and_others_stay(scrubbed, name):
    """ingest-D08"""
    for cookies in ({name: "1", "theme": "dark"}, f"{name}=1; theme=dark", [[name, "1"], ["theme", "dark"]]):
        payload = scrubbed({"request": {"cookies": cookies}})
        assert at(payload, "request", "cookies") == [[name, GONE], ["theme", "dark"]]


def test_session_cookies_go_from_wherever_cookies_are(scrubbed):
    payload = scrubbed(
        {
            "request": {
                "env": {"HTTP_COOKIE": "sessionid=abc; theme=dark"},
                "headers": {"Set-Cookie": "csrf=x; Path=/"},
            },
            "contexts": {"response": {"cookies": {"sessionid": "abc", "theme": "dark"}}},
            "extra": {"cookies": [["session", "1"], ["a", "b"]], "other": {"session": "1"}},
        }
    )
    assert at(payload, "request", "env") == {"HTTP_COOKIE": f"sessionid={GONE}; theme=dark"}
    assert at(payload, "request", "headers") == [["Set-Cookie", f"csrf={GONE}; Path=/"]]
    assert at(payload, "contexts", "response", "cookies") == {"sessionid": GONE, "theme": "dark"}
    assert payload["extra"] == {"cookies": [["session", GONE], ["a", "b"]], "other": {"session": "1"}}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("mail jane@example.com now", "mail [email] now", id="ingest-D10"),
        pytest.param("card 4242 4242 4242 4242", "card [creditcard]", id="card"),
        pytest.param("pay DE89370400440532013000", "pay [iban]", id="iban"),
        pytest.param("ssn 078-05-1120", "ssn [us-ssn]", id="ssn"),
        pytest.param("sent Bearer abc", "sent Bearer [token]", id="bearer"),
        pytest.param("wrong password for the secret token=x", "wrong password for the secret token=x", id="words"),
        pytest.param("from 10.0.0.1", "from 10.0.0.1", id="address"),
    ],
)
def test_a_log_message_stays_readable(scrubbed, text, left):
    assert at(scrubbed({"message": text}), "logentry", "formatted") == left
    with_template = scrubbed({"logentry": {"message": f"{text} %s", "params": ["x"]}})["logentry"]
    assert with_template["message"] == f"{left} %s"
    assert with_template["formatted"] == f"{left} x"


def test_the_positions_of_every_softer_replacement_are_noted(scrubbed):
    payload = scrubbed({"message": "a@b.io and c@d.io paid with 4242424242424242"})
    assert at(payload, "logentry", "formatted") == "[email] and [email] paid with [creditcard]"
    assert note(payload, "logentry", "formatted") == {
        "rem": [["@email:replace", "s", 0, 7], ["@email:replace", "s", 12, 19], ["@creditcard:replace", "s", 30, 42]],
        "len": 44,
    }


def test_parameters_of_a_log_message_are_free_form_data(scrubbed):
    payload = scrubbed({"logentry": {"message": "%s %s", "params": ["a", "my password"]}})
    assert payload["logentry"]["params"] == ["a", GONE]


def test_the_text_of_an_exception_stays(scrubbed):
    text = "password of jane@example.com: 4242 4242 4242 4242, Bearer abc"
    assert at(scrubbed(error(text)), *FIRST, "value") == text


def test_a_request_body_and_a_query_are_scrubbed(scrubbed):
    """ingest-D11"""
    payload = scrubbed(
        {
            "request": {
                "url": "http://localhost/pay?coupon=abc&password=zzz",
                "data": {"card": "4242424242424242", "nested": {"api_key": "k"}, "n": 1},
                "env": {"DB_PASSWORD": "x", "SERVER_NAME": "a"},
                "fragment": "access_token=x",
            }
        }
    )
    assert payload["request"] == {
        "url": "http://localhost/pay",
        "query_string": [["coupon", "abc"], ["password", GONE]],
        "data": {"card": GONE, "nested": {"api_key": GONE}, "n": 1},
        "env": {"DB_PASSWORD": GONE, "SERVER_NAME": "a"},
        "fragment": GONE,
    }


def test_variables_are_scrubbed_and_code_keeps_its_words(scrubbed):
    payload = scrubbed(
        error(
            vars={"password": "'x'", "n": "1", "config": {"api_key": "k"}, "url": "'ftp://joe:pw@h/'"},
            function="check_password",
            module="auth.tokens",
            context_line="    password = 'hunter2'",
            pre_context=["key = 'ftp://joe:pw@h/'", "# author: joe"],
            post_context=["card = 4242424242424242", "header = 'Bearer abc'"],
        )
    )
    assert at(payload, *FRAME) == {
        "filename": "a.py",
        "abs_path": "a.py",
        "vars": {"password": GONE, "n": "1", "config": {"api_key": GONE}, "url": f"'ftp://joe:{GONE}@h/'"},
        "function": "check_password",
        "module": "auth.tokens",
        "context_line": "    password = 'hunter2'",
        "pre_context": [f"key = 'ftp://joe:{GONE}@h/'", "# author: joe"],
        "post_context": [f"card = {GONE}", "header = 'Bearer abc'"],
    }
    assert note(payload, *FRAME, "post_context", 0)["rem"] == [["@creditcard:filter", "s", 7, 17]]


def test_frames_of_threads_of_the_event_and_raw_ones_are_scrubbed(scrubbed):
    stacktrace = {"frames": [{"function": "f", "vars": {"password": "x"}}]}
    left = {"function": "f", "vars": {"password": GONE}}
    payload = scrubbed(
        {
            "stacktrace": stacktrace,
            "threads": {"values": [{"id": 1, "stacktrace": stacktrace}]},
            "exception": {
                "values": [{"type": "A", "raw_stacktrace": stacktrace}, {"type": "B", "stacktrace": stacktrace}]
            },
        }
    )
    assert at(payload, "stacktrace", "frames") == [left]
    assert at(payload, "threads", "values", 0, "stacktrace", "frames") == [left]
    assert at(payload, "exception", "values", 0, "raw_stacktrace", "frames") == [left]
    assert at(payload, "exception", "values", 1, "stacktrace", "frames") == [left]


def test_the_source_of_libraries_is_public(scrubbed):
    line = "connect('ftp://joe:pw@h/')"
    assert at(scrubbed(error(context_line=line, in_app=False)), *FRAME, "context_line") == line
    assert GONE in at(scrubbed(error(context_line=line, in_app=True)), *FRAME, "context_line")


def test_breadcrumbs_contexts_users_and_mechanisms_are_scrubbed(scrubbed):
    payload = scrubbed(
        {
            "breadcrumbs": [
                {"message": "GET /auth", "data": {"token": "x", "url": "a"}, "category": "auth"},
                {"message": "fine", "data": {"a": 1}},
            ],
            "contexts": {"app": {"password": "x", "name": "a"}, "Auth": {"a": 1}},
            "user": {"id": "auth0|7", "email": "author@acme.io", "plan": "x", "auth_level": 3},
            "exception": {"values": [{"type": "E", "mechanism": {"type": "auth", "data": {"secret": 1, "a": 2}}}]},
        }
    )
    first, second = at(payload, "breadcrumbs", "values")
    assert (first["message"], first["data"], first["category"]) == (GONE, {"token": GONE, "url": "a"}, "auth")
    assert (second["message"], second["data"]) == ("fine", {"a": 1})
    assert payload["contexts"] == {"app": {"password": GONE, "name": "a", "type": "app"}}
    assert note(payload, "contexts", "Auth") == {"rem": [["@password:filter", "x"]]}
    assert payload["user"] == {"id": "auth0|7", "email": "author@acme.io", "data": {"plan": "x", "auth_level": GONE}}
    assert at(payload, *FIRST, "mechanism") == {"type": "auth", "data": {"secret": GONE, "a": 2}}


def test_texts_with_a_meaning_lose_only_their_secrets(scrubbed):
    payload = scrubbed(
        {
            "transaction": "/auth/4242424242424242/token",
            "logger": "auth.password",
            "culprit": "auth in 078-05-1120",
            "fingerprint": ["auth", "4242424242424242"],
            "request": {"url": "https://joe:pw@acme.io/auth"},
            "tags": {"service": "auth-api", "password": "x", "card": "4242424242424242"},
        }
    )
    assert payload["transaction"] == f"/auth/{GONE}/token"
    assert payload["logger"] == "auth.password"
    assert payload["culprit"] == f"auth in {GONE}"
    assert payload["fingerprint"] == ["auth", GONE]
    assert payload["request"]["url"] == f"https://joe:{GONE}@acme.io/auth"
    assert payload["tags"] == [["service", "auth-api"], ["password", GONE], ["card", GONE]]
    assert note(payload, "tags", "password")["len"] == 1


def test_attributes_nobody_knows_spans_and_reports_are_scrubbed(scrubbed):
    payload = scrubbed(
        {
            "my_secret": [1],
            "other": {"password": "x"},
            "spans": [{"description": "GET ftp://j:pw@h/", "data": {"token": "x"}, "op": "auth"}],
            "csp": {
                "effective_directive": "script-src",
                "blocked_uri": "https://a.b/?token=x",
                "document-uri": "https://a",
            },
        }
    )
    assert payload["my_secret"] == GONE
    assert payload["other"] == {"password": GONE}
    (span,) = payload["spans"]
    assert (span["description"], span["data"], span["op"]) == (f"GET ftp://j:{GONE}@h/", {"token": GONE}, "auth")
    assert payload["csp"] == {"effective_directive": "script-src", "blocked_uri": GONE, "document_uri": "https://a"}


def test_what_the_protocol_needs_stays(scrubbed):
    sent = {
        "release": "auth@4242424242424242",
        "environment": "secret",
        "platform": "python",
        "sdk": {"name": "token.auth", "version": "1"},
        "modules": {"oauthlib": "1.0", "pyjwt-token": "2"},
        "debug_meta": {"images": [{"type": "elf", "code_file": "/home/secret/4242424242424242"}]},
        "contexts": {"trace": {"trace_id": "4242424242424242" * 2, "span_id": "4242424242424242", "type": "trace"}},
    }
    payload = scrubbed(sent)
    assert {name: payload[name] for name in sent} == sent
    assert "_meta" not in payload


def test_what_was_found_unfit_is_scrubbed_before_its_sender_is_told(scrubbed):
    long_tag, address = "s3cr3t" * 50, "4242 4242 4242 4242"
    payload = scrubbed(
        {"tags": {"password": long_tag, "a": "x\ny"}, "user": {"ip_address": address}, "release": "a/auth"}
    )
    told = {entry["name"]: entry["value"] for entry in payload["errors"]}
    assert told == {"tags.password": GONE, "tags.a": "x\ny", "user.ip_address": GONE, "release": GONE}
    assert note(payload, "tags", "password")["val"] == GONE
    assert note(payload, "user", "ip_address")["val"] == GONE
    assert long_tag not in str(payload)


def test_remarks_of_the_sdk_are_kept_below_ours_and_their_ranges_move(scrubbed):
    meta = {"extra": {"t": {"": {"rem": [["!limit", "s", 27, 30], ["mine", "a"]], "len": 99}}, "b": {"": {"len": 7}}}}
    payload = scrubbed({"extra": {"t": "card 4242424242424242 and more...", "b": "x"}, "_meta": meta})
    assert note(payload, "extra", "t") == {
        "rem": [["!limit", "s", 21, 24], ["mine", "a"], ["@creditcard:filter", "s", 5, 15]],
        "len": 99,
    }
    assert note(payload, "extra", "b") == {"len": 7}


def test_remarks_on_the_parts_of_a_value_go_with_it(scrubbed):
    parts = {"a": {"": {"rem": [["!limit", "s", 0, 3]], "val": "hunter2"}}}
    meta = {"extra": {"password": parts | {"": {"rem": [["!config", "s"], ["!limit", "s", 0, 3]], "val": "hunter2"}}}}
    payload = scrubbed({"extra": {"password": {"a": "..."}}, "_meta": meta})
    left = {"": {"rem": [["!config", "s"], ["@password:filter", "s", 0, 10]]}}
    assert payload["_meta"]["extra"]["password"] == left


def test_what_the_sdk_filtered_already_needs_no_remark_of_ours(scrubbed):
    payload = scrubbed({"extra": {"password": GONE, "list": [GONE]}})
    assert payload["extra"] == {"password": GONE, "list": [GONE]}
    assert "_meta" not in payload


# Options


def test_a_safe_field_is_kept(extra):
    """ingest-D13"""
    sent = {"password": "x", "Author": "auth", "nested": {"password": {"a": 1, "token": 2}}, "my_password": "x"}
    left = extra(sent, safe_fields=("password", "author"))
    assert left == {
        "password": "x",
        "Author": "auth",
        "nested": {"password": {"a": 1, "token": GONE}},
        "my_password": GONE,
    }


def test_only_what_somebody_names_goes_without_the_defaults(extra):
    """ingest-D14"""
    sent = {"zip": "10115", "ZIP_CODE": 7, "password": "x", "card": "4242424242424242", "auth": {"zip": 1}, "a": "no"}
    left = extra(sent, scrubs_defaults=False, sensitive_fields=("zip",))
    assert left == {
        "zip": GONE,
        "ZIP_CODE": GONE,
        "password": "x",
        "card": "4242424242424242",
        "auth": {"zip": GONE},
        "a": "no",
    }


def test_a_text_that_says_a_sensitive_name_goes(scrubbed):
    payload = scrubbed(
        {
            "extra": {"a": "the MySekret", "b": "x"},
            "tags": {"t": "mysekret"},
            "message": "mysekret",
            "transaction": "mysekret",
        },
        sensitive_fields=("mysekret",),
    )
    assert payload["extra"] == {"a": GONE, "b": "x"}
    assert payload["tags"] == [["t", GONE]]
    assert payload["logentry"]["formatted"] == payload["transaction"] == "mysekret"
    assert note(payload, "extra", "a")["rem"] == [["strip-fields", "s", 0, 10]]


@pytest.mark.parametrize("word", ["Straße", 'quo"te', "back\\slash", "ÄÖ", "a\tb"])
def test_a_sensitive_name_may_have_any_characters(extra, word):
    assert extra({word.lower(): 1, "x": f"a {word.upper()} b"}, sensitive_fields=(word,))[word.lower()] == GONE


@pytest.mark.parametrize("name", ["user", "request", "breadcrumbs", "tags", "contexts", "extra"])
def test_a_whole_attribute_can_be_named(scrubbed, name):
    sent = {"user": {"id": "1"}, "request": {"url": "a"}, "breadcrumbs": [{"message": "a"}], "tags": {"a": "b"}}
    sent |= {"contexts": {"app": {"a": 1}}, "extra": {"a": 1}}
    payload = scrubbed(sent, sensitive_fields=(name,))
    assert sent.keys() - payload.keys() == {name}
    assert note(payload, name) == {"rem": [["strip-fields", "x"]]}


@pytest.mark.parametrize(
    ("word", "path", "left"),
    [
        ("email", ("user", "email"), GONE),
        ("geo", ("user", "geo"), None),
        ("headers", ("request", "headers"), None),
        ("vars", (*FRAME, "vars"), None),
        ("message", ("breadcrumbs", "values", 0, "message"), GONE),
        ("data", ("breadcrumbs", "values", 0, "data"), None),
        ("params", ("logentry", "params"), None),
        ("app", ("contexts", "app"), None),
        ("ip_address", ("user", "ip_address"), None),
        ("exception", ("exception", "values", 0, "type"), "E"),
        ("values", ("exception", "values", 0, "type"), "E"),
    ],
)
def test_what_must_have_its_form_keeps_it_or_goes(scrubbed, word, path, left):
    sent = error(vars={"a": 1}) | {
        "user": {"email": "a@b.io", "geo": {"city": "x"}, "ip_address": "10.0.0.1"},
        "request": {"headers": {"Accept": "a"}, "url": "u"},
        "breadcrumbs": [{"message": "m", "data": {"a": 1}}],
        "logentry": {"message": "%s", "params": ["x"]},
        "contexts": {"app": {"a": 1}, "os": {"name": "x"}},
    }
    payload = scrubbed(sent, sensitive_fields=(word,))
    *owner, name = path
    assert at(payload, *owner).get(name) == left


def test_addresses_go_when_they_must_not_be_stored(scrubbed):
    sent = {
        "user": {"id": "1", "ip_address": "198.51.100.7"},
        "request": {
            "env": {"REMOTE_ADDR": "198.51.100.7", "A": "b"},
            "headers": {"X-Forwarded-For": "198.51.100.7, 2001:db8::1"},
        },
        "sdk": {"name": "a", "version": "1", "client_ip": "198.51.100.7"},
        "message": "refused 198.51.100.7:443",
        "extra": {"text": "at 12:30:45 from [2001:db8::1]:80", "version": "10.0.19.4"},
    } | error("no route to 198.51.100.7", context_line="connect('10.0.0.1')", in_app=False)
    assert "198.51.100.7" in str(scrubbed(sent))
    payload = scrubbed(sent, scrubs_addresses=True)
    assert payload["user"] == {"id": "1"}
    assert payload["request"] == {"env": {"A": "b"}, "headers": [["X-Forwarded-For", "[ip], [ip]"]]}
    assert payload["sdk"] == {"name": "a", "version": "1"}
    assert payload["logentry"]["formatted"] == "refused [ip]:443"
    assert payload["extra"] == {"text": "at 12:30:45 from [[ip]]:80", "version": "10.0.19.4"}
    assert at(payload, *FIRST, "value") == "no route to [ip]"
    assert at(payload, *FRAME, "context_line") == "connect('[ip]')"
    assert note(payload, "user", "ip_address") == {"rem": [["@anything:remove", "x"]], "len": 12}


def test_addresses_go_even_if_nothing_else_is_scrubbed(scrubbed):
    sent = {"user": {"ip_address": "198.51.100.7"}, "extra": {"password": "from 198.51.100.7"}}
    payload = scrubbed(sent, scrubs_data=False, scrubs_addresses=True)
    assert "user" not in payload
    assert payload["extra"] == {"password": "from [ip]"}


def test_nothing_is_scrubbed_when_it_is_off(scrubbed):
    sent = {"extra": {"password": "x", "zip": "1"}, "message": "jane@example.com"}
    payload = scrubbed(sent, scrubs_data=False, sensitive_fields=("zip",))
    assert payload["extra"] == sent["extra"]
    assert payload["logentry"]["formatted"] == "jane@example.com"


@pytest.mark.parametrize(
    ("organization", "project", "scrubs"),
    [
        ({}, {}, True),
        ({}, {"dataScrubber": False}, False),
        ({"dataScrubber": False}, {}, True),
        ({"dataScrubber": True}, {"dataScrubber": False}, True),
    ],
)
def test_what_an_organization_requires_holds_in_its_projects(organization, project, scrubs):
    assert privacy_of(organization, project).scrubs_data is scrubs


def test_names_and_rules_of_both_add_up():
    organization = {
        "sensitiveFields": ["a", "b"],
        "safeFields": ["x"],
        "relayPiiConfig": "{}",
        "scrubIPAddresses": True,
    }
    project = {"sensitiveFields": ["b", "c"], "safeFields": ["y"], "relayPiiConfig": '{"rules":{}}'}
    privacy = privacy_of(organization, project)
    assert privacy.sensitive_fields == ("a", "b", "c")
    assert privacy.safe_fields == ("x", "y")
    assert privacy.rules == ("{}", '{"rules":{}}')
    assert privacy.scrubs_addresses


@pytest.mark.parametrize(
    ("organization", "project", "kept"),
    [
        ({}, {}, {"event.attachment", "event.minidump"}),
        ({"storeAttachments": False}, {}, set()),
        ({}, {"storeAttachments": False}, set()),
        ({"storeCrashReports": 0}, {}, {"event.attachment"}),
        ({"storeCrashReports": 0}, {"storeCrashReports": 5}, {"event.attachment", "event.minidump"}),
        ({"storeCrashReports": -1}, {"storeCrashReports": 0}, {"event.attachment"}),
    ],
)
def test_attachments_are_kept_unless_somebody_says_otherwise(organization, project, kept):
    privacy = privacy_of(organization, project)
    assert {kind for kind in ("event.attachment", "event.minidump") if privacy.keeps(kind)} == kept


def test_grouping_sees_what_is_stored(scrubbed):
    first, second = (scrubbed({"message": f"no mail for {name}@example.com"}) for name in ("jane", "joe"))
    assert group(first).hashes == group(second).hashes
