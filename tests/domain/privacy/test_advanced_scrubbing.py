"""Advanced rules at work: what they find, what they leave, and what they cannot reach."""

import copy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.privacy.conftest import ARRIVAL
from tests.domain.privacy.test_scrubbing_cases import FIRST, FRAME, GONE, at, error, note
from tests.domain.privacy.test_scrubbing_properties import EVENTS, normalised

from tocsin.domain.event.derive import derive
from tocsin.domain.grouping import DEFAULT_RULES, apply_rules, group_evidence
from tocsin.domain.privacy import Privacy, Scrubber
from tocsin.domain.privacy.options import privacy_options
from tocsin.domain.privacy.redaction import Method
from tocsin.domain.privacy.rule_text import _TITLES as TITLES


@pytest.mark.parametrize(
    ("title", "text", "left"),
    [
        ("Credit card numbers", "a 4242 4242 4242 4242 b", "a [] b"),
        ("IP addresses", "a 10.0.0.1, ::1 b", "a [], [] b"),
        ("Email addresses", "a <j.d+x@mail.acme.io> b", "a <[]> b"),
        ("IMEI numbers", "a 49-015420-323751-8 b", "a [] b"),
        ("MAC addresses", "a 00:1a:2B:3c:4d:5e, 00-1a-2b-3c-4d-5e, 001a.2b3c.4d5e b", "a [], [], [] b"),
        ("UUIDs", "a 123e4567-e89b-12d3-a456-426614174000 123e4567e89b12d3a456426614174000", "a [] []"),
        ("Auth in URLs", "a ftp://joe:pw@h/ b", "a ftp://[]@h/ b"),
        ("US social security numbers", "a 078-05-1120", "a []"),
        (
            "Usernames in filepaths",
            r"/home/joe/a C:\Users\Jane Doe\b /Users/x c:\\Users\\joe",
            r"/home/[]/a C:\Users\[]\b /Users/[] c:\\Users\\[]",
        ),
        ("Bearer tokens", "a Bearer abc b", "a [] b"),
        ("IBANs", "a DE89370400440532013000 b", "a [] b"),
        ('Regex matches "o+"', "foo boo", "f[] b[]"),
        ('Regex matches "(a)b(c)" groups 1,2', "abc", "[]b[]"),
        ("Anything", "whatever", "[]"),
    ],
)
def test_every_data_type_finds_its_own(extra, title, text, left):
    assert extra({"x": text}, f'[Replace] [{title}] with ["[]"] from [$string]', scrubs_data=False) == {"x": left}


@pytest.mark.parametrize(
    "text", ["12:30:45", "v1.2.3.4", "1.2.3.4.5", "std::vector", "a::b", "300.1.1.1", "/users/5/", "1.2.3"]
)
def test_what_only_looks_like_an_address_or_a_name_stays(extra, text):
    rules = "[Mask] [IP addresses] from [$string]\n[Mask] [Usernames in filepaths] from [$string]"
    assert extra({"x": text}, rules, scrubs_data=False) == {"x": text}


@pytest.mark.parametrize(
    ("method", "left", "remark"),
    [
        ("Remove", "a  b", ["0", "x", 2, 2]),
        ("Mask", r"a \*{11} b", ["0", "m", 2, 13]),
        ("Hash", "a [0-9A-F]{40} b", ["0", "e", 2, 42]),
        ("Replace", r"a \[Filtered\] b", ["0", "s", 2, 12]),
    ],
)
def test_every_method_leaves_something_else_of_a_text(scrubbed, method, left, remark):
    payload = scrubbed({"extra": {"x": "a joe@acme.io b"}}, f"[{method}] [Email addresses] from [$string]")
    assert re.fullmatch(left, payload["extra"]["x"])
    assert note(payload, "extra", "x") == {"rem": [remark], "len": 15}


@pytest.mark.parametrize(
    ("method", "left"),
    [
        ("Remove", {"text": None, "number": None, "list": None, "object": None, "flag": None}),
        ("Replace", dict.fromkeys(("text", "number", "list", "object", "flag"), GONE)),
        ("Mask", {"text": "***", "number": "**", "list": None, "object": None, "flag": "****"}),
    ],
)
def test_anything_is_any_value_of_free_form_data(extra, method, left):
    sent = {"text": "abc", "number": 12, "list": [1], "object": {"a": 1}, "flag": True}
    assert extra(sent, f"[{method}] [Anything] from [extra.*]") == left


def test_equal_values_have_equal_hashes(extra):
    left = extra({"a": "joe", "b": "joe", "c": "jane", "d": [1], "e": 7}, "[Hash] [Anything] from [extra.*]")
    assert left["a"] == left["b"] != left["c"]
    assert all(len(value) == 40 for value in left.values())


def test_password_fields_are_known_by_their_names(extra):
    sent = {"password": "x", "nested": {"api_key": [1]}, "other": "password"}
    left = extra(sent, "[Mask] [Password fields] from [**]", scrubs_data=False)
    assert left == {"password": "*", "nested": {"api_key": None}, "other": "password"}


def test_fields_can_be_known_by_an_expression(extra):
    left = extra({"x_a": 1, "ax_": 1, "b": {"x_": "z"}}, '[Replace] [Fields named like "^x_"] from [**]')
    assert left == {"x_a": GONE, "ax_": 1, "b": {"x_": GONE}}


def test_numbers_are_read_as_texts(extra):
    left = extra(
        {"n": 4242424242424242, "f": 1.5, "t": True},
        '[Mask] [Regex matches "5$|4{2}"] from [$number]',
        scrubs_data=False,
    )
    assert left == {"n": 4242424242424242, "f": "1.*", "t": True}


SENT = error(value="mail joe@acme.io", vars={"a": {"b": "x"}}, abs_path="/home/joe/a.py", context_line="x = 1") | {
    "user": {"id": "7", "email": "joe@acme.io", "data": {"plan": "x"}},
    "request": {"url": "http://a/b", "headers": {"X-Api": "1", "Accept": "x"}, "cookies": {"a": "1"}, "data": {"k": "v"}},
    "logentry": {"message": "to %s", "params": ["joe@acme.io"]},
    "breadcrumbs": [{"message": "one", "data": {"a": "x"}}, {"message": "two"}],
    "tags": {"team": "red", "b": "x"},
    "contexts": {"app": {"name": "shop"}, "trace": {"op": "x"}},
    "extra": {"foo": "1", "deep": {"foo": "2", "bar": "3"}, "my key": "4", "list": ["a", {"foo": "5"}]},
    "release": "shop@1",
    "sdk": {"name": "python", "version": "1"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "path", "left"),
    [
        ("extra.foo", ("extra", "foo"), None),
        ("extra.foo", ("extra", "deep", "foo"), "2"),
        ("foo", ("extra", "deep", "foo"), None),
        ("foo", ("extra", "list", 1, "foo"), None),
        ("foo && !extra.foo", ("extra", "foo"), "1"),
        ("extra.'my key'", ("extra", "my key"), None),
        ("extra.list.0", ("extra", "list", 0), None),
        ("extra.list", ("extra", "list"), None),
        ("extra.deep.**", ("extra", "deep"), {"foo": None, "bar": None}),
        ("$user.email", ("user", "email"), KeyError),
        ("$user.data.plan", ("user", "data"), {"plan": None}),
        ("$user.data", ("user", "data"), KeyError),
        ("$user", ("user",), KeyError),
        ("$http.headers.X-Api", ("request", "headers"), [["X-Api", ""], ["Accept", "x"]]),
        ("$http.cookies", ("request", "cookies"), KeyError),
        ("$http.cookies.a", ("request", "cookies"), [["a", ""]]),
        ("$request.data.k", ("request", "data"), {"k": None}),
        ("$http.url", ("request", "url"), KeyError),
        ("$http", ("request",), KeyError),
        ("$message.formatted", ("logentry", "formatted"), KeyError),
        ("logentry.params", ("logentry", "params"), KeyError),
        ("$logentry", ("logentry",), KeyError),
        ("exception.value", (*FIRST, "value"), KeyError),
        ("$error.type", (*FIRST, "type"), KeyError),
        ("$exception", ("exception", "values"), []),
        ("$stacktrace", (*FIRST, "stacktrace"), KeyError),
        ("$frame", (*FIRST, "stacktrace", "frames"), []),
        ("$frame.vars", (*FRAME, "vars"), KeyError),
        ("$frame.vars.a", (*FRAME, "vars"), {"a": None}),
        ("$frame.abs_path", (*FRAME, "abs_path"), KeyError),
        ("$frame.context_line", (*FRAME, "context_line"), KeyError),
        ("$breadcrumb.message", ("breadcrumbs", "values", 0, "message"), KeyError),
        ("$breadcrumb.data", ("breadcrumbs", "values", 0, "data"), KeyError),
        ("tags.team", ("tags",), [["b", "x"]]),
        ("tags", ("tags",), KeyError),
        ("contexts.app", ("contexts", "app"), KeyError),
        ("contexts.app.name", ("contexts", "app"), {"name": None, "type": "app"}),
        ("release", ("release",), KeyError),
        ("$sdk", ("sdk",), KeyError),
        # The protocol needs these.
        ("$event", ("type",), "error"),
        ("type", ("type",), "error"),
        ("contexts.app.type", ("contexts", "app", "type"), "app"),
        ("exception.values", (*FIRST, "type"), KeyError),
        ("timestamp", ("timestamp",), ARRIVAL.received.timestamp()),
        # Without a name, code stays as it is called.
        ("$string", ("extra", "foo"), None),
        ("$string", (*FRAME, "function"), "f"),
        ("**", (*FRAME, "abs_path"), "/home/joe/a.py"),
        ("**", ("release",), "shop@1"),
        ("**", ("extra",), KeyError),
        ("$string", (*FIRST, "value"), KeyError),
        ("$string", ("tags",), []),
    ],
)
def test_what_is_selected_goes_and_the_event_keeps_its_form(scrubbed, source, path, left):
    payload = scrubbed(SENT, f"[Remove] [Anything] from [{source}]", scrubs_data=False)
    if left is KeyError:
        with pytest.raises((KeyError, IndexError)):
            at(payload, *path)
    else:
        assert at(payload, *path) == left
    stored(payload)


def stored(payload):
    return derive(payload, group_evidence(apply_rules(payload, DEFAULT_RULES)), ARRIVAL)


def test_the_remarks_of_a_list_follow_the_elements_that_stay(scrubbed):
    sent = {"breadcrumbs": [{"message": "one"}, {"message": "two"}, {"message": "card 4242424242424242"}]}
    payload = scrubbed(
        sent, "[Remove] [Anything] from [breadcrumbs.values.0]\n[Mask] [Credit card numbers] from [$string]"
    )
    assert [crumb["message"] for crumb in at(payload, "breadcrumbs", "values")] == ["two", "card ****************"]
    assert note(payload, "breadcrumbs", "values", 1, "message")["rem"] == [["1", "m", 5, 21]]
    assert "2" not in payload["_meta"]["breadcrumbs"]["values"]


def test_advanced_rules_come_first_and_have_the_last_word(scrubbed):
    rules = "[Hash] [Anything] from [extra.auth_user]\n[Replace] [Anything] with [***] from [password]"
    sent = {"extra": {"auth_user": "joe", "password": "x", "token": "y", "safe": "4242424242424242"}}
    payload = scrubbed(sent, rules + "\n[Mask] [Credit card numbers] from [$string]", safe_fields=("safe",))
    assert re.fullmatch("[0-9A-F]{40}", payload["extra"]["auth_user"])
    assert payload["extra"]["token"] == GONE
    assert payload["extra"]["password"] == "***"
    assert payload["extra"]["safe"] == "*" * 16
    assert note(payload, "extra", "auth_user")["rem"] == [["0", "e", 0, 40]]


def test_rules_of_the_organization_and_of_the_project_both_hold():
    organization, project = (
        privacy_options({"relayPiiConfig": f"[Mask] [Anything] from [extra.{key}]"})["relayPiiConfig"] for key in "ab"
    )
    payload = normalised({"extra": {"a": "xx", "b": "yy", "c": "zz"}})
    Scrubber(Privacy(rules=(organization, project))).scrub(payload)
    assert payload["extra"] == {"a": "**", "b": "**", "c": "zz"}


def test_a_text_over_which_a_rule_takes_too_long_goes_unread():
    payload = normalised({"extra": {"slow": "a" * 40 + "b", "other": "ab", "number": 1}})
    rules = privacy_options({"relayPiiConfig": '[Mask] [Regex matches "(a+)+$"] from [$string]'})["relayPiiConfig"]
    assert Scrubber(Privacy(rules=(rules,))).scrub(payload) == {"0"}
    assert payload["extra"] == {"slow": GONE, "other": GONE, "number": 1}
    again = normalised({"extra": {"other": "aab"}})
    assert Scrubber(Privacy(rules=(rules,))).scrub(again) == frozenset()
    assert again["extra"] == {"other": "aab"}


@pytest.mark.parametrize(
    ("rule", "filename", "data", "left"),
    [
        ("[Mask] [Email addresses] from [$attachments]", "a.txt", b"to joe@acme.io", b"to ***********"),
        ("[Mask] [Email addresses] from [$attachments.'a.txt']", "a.txt", b"to joe@acme.io", b"to ***********"),
        ("[Mask] [Email addresses] from [$attachments.'b.txt']", "a.txt", b"to joe@acme.io", b"to joe@acme.io"),
        ("[Mask] [Email addresses] from [$string]", "a.txt", b"to joe@acme.io", b"to joe@acme.io"),
        ("[Mask] [Email addresses] from [$attachments]", "a.bin", b"\xff joe@acme.io", b"\xff joe@acme.io"),
        ("[Remove] [Anything] from [$attachments]", "a.bin", b"\xff", None),
        ("[Remove] [Anything] from [$attachments]", "a.txt", b"text", None),
        ("[Remove] [Anything] from [$attachments.'a.txt']", "b.txt", b"text", b"text"),
    ],
)
def test_attachments_are_reached_by_name_only(rule, filename, data, left):
    rules = privacy_options({"relayPiiConfig": rule})["relayPiiConfig"]
    assert Scrubber(Privacy(rules=(rules,))).attachment(filename, data) == left


SOURCES = ["$string", "**", "*", "$object", "$array", "$number", "$exception", "$frame.**", "foo || $user.**", "tags", "request.**",
           "!extra", "values", "type", "contexts.**", "logentry.**", "breadcrumbs.**", "extra.** && !$string", "vars", "user"]  # fmt: skip
KINDS = [title for kind, title in TITLES.items() if kind not in {"pattern", "redact_pair"}]
KINDS += ['Regex matches "[a-m]"', 'Fields named like "[a-m]"']
RULES = st.builds(
    "[{}] [{}] from [{}]".format,
    st.sampled_from([method.value for method in Method]),
    st.sampled_from(KINDS),
    st.sampled_from(SOURCES),
)


@given(EVENTS, st.lists(RULES, max_size=3))
def test_whatever_the_rules_an_event_can_be_stored_afterwards(event, lines):
    payload = normalised(event)
    if payload is None:
        return
    rules = privacy_options({"relayPiiConfig": "\n".join(lines) or None})["relayPiiConfig"]
    Scrubber(Privacy(rules=(rules,) if rules else ())).scrub(payload)
    assert stored(copy.deepcopy(payload)).type == payload["type"]
