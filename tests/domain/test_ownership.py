"""Rules that say whose code is whose."""

from datetime import UTC, datetime

import pytest

from tocsin.domain.errors import Malformed
from tocsin.domain.event.event import Event
from tocsin.domain.ownership import OWNERS_MAX, RAW_CHARS_MAX, Owner, owners_of, parse_rules

NOW = datetime(2026, 11, 10, tzinfo=UTC)
JANE, CREW = Owner("user", "jane@acme.io"), Owner("team", "crew")


def event(**fields):
    usual = {
        "project_id": 1,
        "event_id": "a" * 32,
        "timestamp": NOW,
        "received": NOW,
        "type": "error",
        "level": "error",
        "platform": "python",
        "title": "t",
        "message": "m",
        "metadata": {},
        "tags": (),
        "hashes": ("b" * 32,),
        "payload": b"{}",
    }
    return Event(**usual | fields)


@pytest.mark.parametrize(
    ("rule", "fields", "fits"),
    [
        ("path:src/billing/*", {"stack_filenames": ("src/billing/pay.py",)}, True),
        ("path:src/billing/*", {"stack_abs_paths": ("/srv/src/billing/pay.py",)}, True),
        ("path:src/billing/*", {"stack_filenames": ("src/other/pay.py",)}, False),
        ("path:src/**/pay.py", {"stack_filenames": ("SRC\\a\\b\\pay.py",)}, True),
        ('path:"a b/*"', {"stack_filenames": ("a b/c.py",)}, True),
        ("module:com.acme.*", {"stack_modules": ("x", "com.acme.Pay")}, True),
        ("module:com.acme.*", {"stack_modules": ("org.acme.Pay",)}, False),
        ("url:*://acme.io/pay/*", {"tags": (("url", "https://acme.io/pay/1"),)}, True),
        ("url:*/login", {}, False),
        ("tags.browser:Chrome*", {"tags": (("browser", "Chrome 5"),)}, True),
        ("tags.browser:Chrome*", {"tags": (("os", "Chrome 5"),)}, False),
    ],
)
def test_a_rule_fits_events_of_its_kind(rule, fields, fits):
    assert owners_of(parse_rules(f"{rule} jane@acme.io"), event(**fields)) == ((JANE,) if fits else ())


def test_the_last_rule_that_fits_comes_first_and_nobody_comes_twice():
    rules = parse_rules("# ours\n\npath:* #crew jane@acme.io\n  tags.a:* JANE@acme.io \npath:x #other\n")
    assert owners_of(rules, event(stack_filenames=("y",), tags=(("a", "b"),))) == (JANE, CREW)


def test_only_so_many_owners_are_suggested():
    rules = parse_rules("\n".join(f"path:* #team-{number}" for number in range(30)))
    assert len(owners_of(rules, event(stack_filenames=("y",)))) == OWNERS_MAX


def test_a_rule_may_have_no_owner():
    assert owners_of(parse_rules("path:*"), event(stack_filenames=("y",))) == ()


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ("nonsense", "'nonsense' (line 1)"),
        ("path:* #a\nfile:x #a", "'file:x #a' (line 2)"),
        ("path: #a", "'path: #a' (line 1)"),
        ("path:* jane", "'jane' (line 1) is no owner"),
        ("path:* #", "'#' (line 1) is no owner"),
        ("path:" + "{a,b}" * 10 + " #a", "too many alternatives"),
        ("#" * (RAW_CHARS_MAX + 1), "Shorten them"),
    ],
)
def test_a_line_that_is_no_rule_is_refused_with_its_place(raw, where):
    with pytest.raises(Malformed) as refusal:
        parse_rules(raw)
    assert where in refusal.value.detail
