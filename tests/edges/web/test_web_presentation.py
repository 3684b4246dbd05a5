from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.domain.event.test_normalise_corpus import NAMES_WITH_EVENT, event_of

from tocsin.domain.query.parse import parse_issue_query
from tocsin.edges.web import links, words
from tocsin.edges.web.chart import HEIGHT, chart
from tocsin.edges.web.evidence import evidence
from tocsin.edges.web.forms import Form, form_token
from tocsin.edges.web.issue import term
from tocsin.edges.web.notices import Notice, read_notice
from tocsin.edges.web.plain import fields_of, text_of
from tocsin.edges.web.stack import raised, stack

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", NAMES_WITH_EVENT)
def test_every_recorded_event_can_be_shown(name: str):
    payload, _ = event_of(name)
    shown = evidence(msgspec.json.encode(payload))
    assert len(shown.raised) == len((payload.get("exception") or {}).get("values") or [])
    assert len(shown.breadcrumbs) <= 100
    assert bool(shown.request) == bool(payload.get("request"))


def frame(name: str, *, own: bool, **fields: Any) -> dict[str, Any]:
    return {"filename": f"{name}/x.py", "function": name, "lineno": 1, "in_app": own} | fields


def test_the_newest_own_frame_is_open_and_runs_of_library_frames_are_folded():
    frames = [frame("app", own=True), frame("django", own=False), frame("flask", own=False), frame("app", own=True)]
    shown = stack({"frames": [*frames, frame("json", own=False)]})
    assert [(run.is_folded, len(run.frames)) for run in shown.runs] == [(False, 1), (False, 1), (True, 2), (False, 1)]
    assert [one.is_open for run in shown.runs for one in run.frames] == [False, True, False, False, False]
    assert shown.runs[2].libraries == "flask and 1 more"


def test_without_own_frames_the_newest_of_all_is_open():
    shown = stack({"frames": [frame("a", own=False), frame("b", own=False), frame("c", own=False)]})
    assert [one.is_open for run in shown.runs for one in run.frames] == [True, False, False]


def test_lines_of_source_are_numbered_around_the_one_that_ran():
    shown = stack({"frames": [frame("a", own=True, lineno=9, pre_context=["p"], context_line="c", post_context=["q"])]})
    lines = shown.runs[0].frames[0].lines
    assert [(line.number, line.text, line.is_current) for line in lines] == [
        (8, "p", False),
        (9, "c", True),
        (10, "q", False),
    ]


def test_the_exception_that_ended_it_comes_first():
    values = [{"type": "Cause"}, {"type": "Last"}]
    assert [one.type for one in raised({"exception": {"values": values}})] == ["Last", "Cause"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_value_becomes_fields_of_text(value: Any):
    for field in fields_of(value):
        assert isinstance(field.name, str)
        assert isinstance(field.text, str)


@given(JSON.filter(lambda value: not isinstance(value, str)))
def test_what_is_no_text_is_shown_as_json_that_reads_back(value: Any):
    assert msgspec.json.decode(text_of(value)) == msgspec.json.decode(msgspec.json.encode(value))


@example("a", "=")
@example("a", ">1")
@given(
    st.from_regex(r"[a-z][a-z_.]{0,10}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30),
)
def test_the_search_for_a_tag_is_a_search_for_that_tag(key: str, value: str):
    parsed = parse_issue_query(term(f"my.{key}", value), now=NOON)
    assert len(parsed.terms) == 1
    assert not parsed.terms[0].is_free_text


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=23), "23 h"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=30), "1 mo"),
        (timedelta(days=800), "2 y"),
        (-timedelta(hours=1), "now"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(passed: timedelta, told: str):
    assert words.age(NOON - passed, NOON) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0"), (999, "999"), (1000, "1k"), (1290, "1.2k"), (12_900, "12k"), (1_500_000, "1.5m"), (7_000_000_000, "7b")],
)
def test_a_number_is_at_most_four_characters(number: int, told: str):
    assert words.compact(number) == told


@pytest.mark.parametrize(
    ("name", "told"), [("Jane Doe", "JD"), ("jane.doe@acme.io", "JD"), ("jane", "J"), ("#crew", "#"), ("", "?")]
)
def test_initials_stand_for_a_name(name: str, told: str):
    assert words.initials(name) == told


def test_whatever_is_not_zero_can_be_seen_in_a_chart():
    shown = chart([(0, 0), (60, 1), (120, 10_000)])
    assert [bar.height for bar in shown.bars] == [0, 2, HEIGHT]
    assert (shown.total, shown.peak) == (10_001, 10_000)
    assert chart([]).total == 0


def test_links_leave_out_what_says_nothing_but_not_an_empty_search():
    assert (
        links.stream("acme", [("query", ""), ("sort", ""), ("project", "1")])
        == "/organizations/acme/issues/?query=&project=1"
    )
    assert links.stream("a/b") == "/organizations/a%2Fb/issues/"


def test_a_notice_that_cannot_be_read_is_none():
    assert read_notice("%7B") is None
    assert read_notice("") is None
    assert read_notice('%7B"text":"Done.","is_refusal":false%7D') == Notice("Done.")


def test_forms_keep_repeated_fields_in_order():
    form = Form.read(b"issue=1&issue=2&action=resolve&empty=")
    assert form.all("issue") == ["1", "2"]
    assert (form.one("action"), form.one("empty"), form.one("absent")) == ("resolve", "", "")


def test_sessions_have_different_form_tokens():
    assert form_token("a") != form_token("b")
