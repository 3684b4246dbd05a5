"""Where advanced rules apply: what can be written, and what it means."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import Malformed
from tocsin.domain.privacy.selector import (
    TYPES,
    And,
    Key,
    Many,
    Not,
    One,
    Or,
    Path,
    Step,
    Type,
    parse_selector,
    selects,
)

READ = [
    ("foo", "foo"),
    (" extra . foo ", "extra.foo"),
    ("extra.*", "extra.*"),
    ("extra.**", "extra.**"),
    ("**", "**"),
    ("*", "*"),
    ("**.foo.**", "**.foo.**"),
    ("$string", "$string"),
    ("$String", "$string"),
    ("$http.cookies", "$request.cookies"),
    ("$error.value", "$exception.value"),
    ("$message", "$logentry"),
    ("$frame.vars", "$frame.vars"),
    ("$http.headers.x-api-key", "$request.headers.x-api-key"),
    ("foo.0.bar", "foo.0.bar"),
    ("'my key'", "'my key'"),
    ("extra.'it''s'", "extra.'it''s'"),
    ("'plain'", "plain"),
    ("'$string'", "'$string'"),
    ("'**'", "'**'"),
    ("''", "''"),
    ("'ключ'", "'ключ'"),
    ("!foo", "!foo"),
    ("!!foo", "!!foo"),
    ("! foo", "!foo"),
    ("foo && !extra.foo", "foo && !extra.foo"),
    ("foo||bar", "foo || bar"),
    ("a || b && c", "a || b && c"),
    ("(a || b) && c", "(a || b) && c"),
    ("!(a || b)", "!(a || b)"),
    ("!(a)", "!a"),
    ("((a))", "a"),
    ("a && b && c", "a && b && c"),
    ("a && (b && c)", "a && (b && c)"),
    ("(a || b) || c", "(a || b) || c"),
    ("$string && !'safe key' || $number", "$string && !'safe key' || $number"),
]


@pytest.mark.parametrize(("text", "canonical"), READ)
def test_a_selector_is_read_and_printed(text, canonical):
    selector = parse_selector(text)
    assert str(selector) == canonical
    assert parse_selector(canonical) == selector


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing at the end"),
        ("  ", "missing at the end"),
        ("extra.", "missing at the end"),
        (".foo", "missing before '.'"),
        ("a..b", "missing before '.'"),
        ("a &&", "missing at the end"),
        ("&& a", "missing before '&&'"),
        ("a b", "may follow before 'b'"),
        ("a & b", "single quotes"),
        ("a | b", "single quotes"),
        ("(a", "not closed"),
        ("a)", "may follow before ')'"),
        ("!", "missing at the end"),
        ("a.!b", "missing before '!'"),
        ("$nope", "there is no type $nope"),
        ("$", "single quotes"),
        ("my key", "may follow"),
        ("a@b", "single quotes"),
        ("'open", "single quotes"),
        ("ключ", "single quotes"),
        ("a.**.b.**.c.**", "** 2 times"),
        ("(" * 30 + "a" + ")" * 30, "inside each other"),
        ("!" * 30 + "a", "inside each other"),
        ("a" * 1001, "1000 characters"),
    ],
)
def test_what_is_no_selector_is_refused_with_the_reason(text, reason):
    with pytest.raises(Malformed, match=re.escape(reason)):
        parse_selector(text)


def way(path, *types, json_type="string"):
    """A way of keys and indexes, from the event on; *types* are those of the last step."""
    keys = path.split(".")
    steps = [Step(key, frozenset({"object"}), is_implied=key.isdecimal() or key == "values") for key in keys]
    steps.insert(0, Step("", frozenset({"event", "object"})))
    steps[-1] = Step(steps[-1].key, frozenset({json_type, *types}), steps[-1].is_implied)
    return steps


@pytest.mark.parametrize(
    ("text", "path", "selected"),
    [
        ("foo", "foo", True),
        ("foo", "extra.foo", True),
        ("foo", "extra.foo.bar", False),
        ("foo", "extra.FOO", True),
        ("foo", "extra.foo.0", True),
        ("extra.foo", "extra.foo", True),
        ("extra.foo", "extra.a.foo", False),
        ("extra.foo", "contexts.extra.foo", True),
        ("extra.*", "extra.foo", True),
        ("extra.*", "extra", False),
        ("extra.*", "extra.a.b", False),
        ("extra.**", "extra.a.b", True),
        ("extra.**", "extra", False),
        ("extra.**.c", "extra.c", True),
        ("extra.**.c", "extra.a.b.c", True),
        ("extra.**.c", "user.a.c", False),
        ("**", "anything.at.all", True),
        ("!foo", "extra.foo", False),
        ("!foo", "extra.bar", True),
        ("foo && !extra.foo", "extra.foo", False),
        ("foo && !extra.foo", "user.foo", True),
        ("foo || bar", "extra.bar", True),
        ("$string", "extra.a", True),
        ("$number", "extra.a", False),
        ("$event.extra.a", "extra.a", True),
        ("$object.a", "extra.a", True),
        ("exception.value", "exception.values.0.value", True),
        ("exception.values.value", "exception.values.0.value", True),
        ("exception.values.0.value", "exception.values.0.value", True),
        ("exception.values.1.value", "exception.values.0.value", False),
        ("exception.*.value", "exception.values.0.value", True),
        ("extra.list.1", "extra.list.1", True),
        ("extra.list.2", "extra.list.1", False),
    ],
)
def test_a_selector_means_the_end_of_the_way(text, path, selected):
    assert selects(parse_selector(text), way(path), is_open=True) is selected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        *(
            ("foo", True),
            ("$frame.*", True),
            ("$frame.foo && $string", True),
            ("foo || bar", True),
            ("foo || $string", True),
        ),
        *(
            ("$string", False),
            ("**", False),
            ("*", False),
            ("!foo", False),
            ("$string && !foo", False),
            ("$string || **", False),
        ),
    ],
)
def test_what_code_is_called_has_to_be_named(text, named):
    frame = [Step("", frozenset({"event"})), Step("0", frozenset({"frame"})), Step("foo", frozenset({"string"}))]
    assert selects(parse_selector(text), frame, is_open=False) is named


KEYS = st.text(alphabet=st.characters(exclude_characters="\n"), max_size=6).map(Key)
ITEMS = st.one_of(KEYS, st.sampled_from(sorted(TYPES)).map(Type), st.just(One()))
PATHS = st.lists(ITEMS, min_size=1, max_size=4).map(tuple).map(Path)
DEEP_PATHS = st.tuples(st.lists(ITEMS, max_size=2), st.lists(ITEMS, max_size=2)).map(
    lambda parts: Path((*parts[0], Many(), *parts[1]))
)


def _combined(inner):
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(inner.map(Not), parts.map(And), parts.map(Or))


SELECTORS = st.recursive(st.one_of(PATHS, DEEP_PATHS), _combined, max_leaves=6)


@given(SELECTORS)
def test_every_selector_is_read_again_as_it_was_printed(selector):
    assert parse_selector(str(selector)) == selector


@given(st.text(alphabet="ab.$*!&|()' ", max_size=30))
def test_any_text_is_a_selector_or_is_refused(text):
    try:
        selector = parse_selector(text)
    except Malformed:
        return
    assert parse_selector(str(selector)) == selector
    assert selects(selector, way("a.b.values.0.a"), is_open=True) in {True, False}
