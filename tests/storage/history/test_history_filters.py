import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.storage.history import filters
from tocsin.storage.history.events import count
from tocsin.storage.history.filters import Text, like_pattern, text
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import ProjectScope, Selection

PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=PLAIN)
def test_a_bound_text_arrives_as_it_is(history, value):
    bound = text(value)
    assert history.rows(f"SELECT {bound.sql}", bound.parameters) == [(value,)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(PLAIN, max_size=5))
def test_bound_texts_arrive_as_they_are(history, values):
    bound = filters.texts(values)
    assert history.rows(f"SELECT {bound.sql}", bound.parameters) == [(values,)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=PLAIN)
def test_a_pattern_without_asterisks_matches_itself(history, value):
    literal, pattern = text(value), text(like_pattern(value.replace("*", "")))
    sql = f"SELECT replaceAll({literal.sql}, '*', '') LIKE {pattern.sql}"
    assert history.rows(sql, {**literal.parameters, **pattern.parameters}) == [(1,)]


@pytest.mark.parametrize(
    ("pattern", "like"),
    [("a*", "a%"), ("50%", "50\\%"), ("a_b", "a\\_b"), ("C:\\x*", "C:\\\\x%"), ("", "")],
)
def test_patterns_become_like_operands(pattern, like):
    assert like_pattern(pattern) == like


def test_equal_values_share_a_parameter_and_others_do_not():
    assert text("x") == text("x")
    assert text("x").sql != text("y").sql
    assert filters.bound("Int64", 1).sql != filters.bound("UInt64", 1).sql


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (filters.message_contains("SOFT failure"), 1),
        (filters.message_contains("soft*pump"), 1),
        (filters.message_contains("pump*soft"), 0),
        (filters.message_contains("ÜBER"), 1),
        (filters.message_contains("100%"), 1),
        (filters.message_contains("10_%"), 0),
        (filters.is_unhandled(), 1),
        (filters.is_one_of(filters.column(Text.LEVEL), ["fatal"]), 1),
        (filters.is_like(filters.column(Text.TITLE), "value*"), 2),
        (filters.in_environments([]), 2),
        (filters.in_environments(["", "production"]), 2),
        (filters.every([]), 2),
        (filters.some([]), 0),
    ],
)
def test_conditions_count(history, make_event, project_id, noon, where, expected):
    events = [
        make_event(
            level="fatal",
            environment="production",
            handled=False,
            error_types=("ValueError", "KeyError"),
            stack_filenames=("app/main.py", "app/pump.py"),
            message="Soft failure at 100% of über pump",
        ),
        make_event(message="nothing", error_types=("TypeError",)),
    ]
    insert(history, f"filters-{project_id}", events, noon)
    assert count(history, ProjectScope((project_id,)), Selection(where=where)) == expected
