"""Printing and reading are inverses, for any tree and for any text."""

from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.domain.query.dates import AbsoluteDate, RelativeDate, Span
from tocsin.domain.query.errors import MalformedQuery
from tocsin.domain.query.keys import ALL_KEYS, HAS, MESSAGE, Key, Kind, Level, flag_key, tag_key
from tocsin.domain.query.parse import parse_event_query, parse_issue_query
from tocsin.domain.query.pattern import Pattern
from tocsin.domain.query.tree import And, Expression, Operator, Or, Query, Term, Value
from tocsin.domain.release.version import Version, VersionBound, VersionPattern

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
ORDERINGS = (Operator.GREATER, Operator.GREATER_OR_EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL)

names = st.text("abzAZ09_.:-", min_size=1, max_size=8)
# A text that needs quotes cannot end in a backslash, which would escape the closing one.
texts = st.text(st.sampled_from('ab*\\"[](),:!=<>é \t\n\uf00d'), min_size=1, max_size=8).filter(
    lambda text: not text.endswith("\\")
)
patterns = st.builds(
    lambda first, middle, last: Pattern((first, *middle, last)),
    st.just("") | texts,
    st.lists(texts, max_size=2),
    st.just("") | texts,
)
whole_numbers = st.integers(-(2**63) + 1, 2**63 - 1)
fractions = st.integers(-(10**15), 10**15).map(lambda n: n / 1000).filter(lambda n: n != int(n))
moments = st.datetimes(
    datetime(1900, 1, 2, tzinfo=UTC).replace(tzinfo=None),
    datetime(8999, 12, 30, tzinfo=UTC).replace(tzinfo=None),
    timezones=st.just(UTC),
)
days = moments.map(lambda at: at.replace(hour=0, minute=0, second=0, microsecond=0))
durations = st.builds(
    RelativeDate, amount=st.integers(0, 10**8 - 1), unit=st.sampled_from("mhdw"), is_within=st.booleans()
)
identifiers = st.from_regex(r"[0-9A-Za-z]{1,3}(\.[0-9A-Za-z]{1,3})?", fullmatch=True)
packages = st.just("") | st.from_regex(r"(@[a-z]{1,3}/)?[a-z ]{1,4}", fullmatch=True).filter(str.strip)
numbers_of_versions = st.lists(st.integers(0, 10**6), min_size=1, max_size=4).map(tuple)
versions = st.builds(
    VersionBound,
    package=packages,
    version=st.builds(
        Version, numbers=numbers_of_versions, prerelease=st.just("") | identifiers, build=st.just("") | identifiers
    ),
)
version_patterns = st.builds(VersionPattern, package=packages, numbers=numbers_of_versions.map(lambda n: n[:3]))


def some_or_one_of(values: st.SearchStrategy[Value], key: Key) -> st.SearchStrategy[Term]:
    return st.builds(
        Term, key=st.just(key), values=st.lists(values, min_size=1, max_size=3).map(tuple), negated=st.booleans()
    )


def ordered(values: st.SearchStrategy[Value], key: Key) -> st.SearchStrategy[Term]:
    return st.builds(Term, key=st.just(key), operator=st.sampled_from(ORDERINGS), values=st.tuples(values))


def dated(key: Key) -> st.SearchStrategy[Term]:
    exact = moments.map(lambda at: AbsoluteDate(at=at, span=Span.EXACT))
    around = moments.map(lambda at: AbsoluteDate(at=at, span=Span.AROUND))
    whole_days = days.map(lambda at: AbsoluteDate(at=at, span=Span.DAY))
    plain = st.builds(Term, key=st.just(key), values=st.tuples(durations | around | whole_days))
    is_or_not = st.builds(Term, key=st.just(key), values=st.tuples(exact), negated=st.booleans())
    return plain | is_or_not | ordered(exact, key)


def terms_on(key: Key) -> st.SearchStrategy[Term]:
    presence = st.builds(Term, key=st.just(key), operator=st.just(Operator.PRESENT), negated=st.booleans())
    if key.kind is Kind.KEYWORD:
        return some_or_one_of(st.sampled_from(sorted(set(key.vocabulary.words.values()))), key).filter(
            lambda term: not term.is_list
        )
    if key.name == "project":
        return some_or_one_of(texts | patterns, key)
    match key.kind:
        case Kind.TEXT | Kind.MESSAGE:
            return presence | some_or_one_of(texts | patterns, key)
        case Kind.EXACT | Kind.ACTOR:
            return presence | some_or_one_of(texts, key)
        case Kind.WORD:
            return presence | some_or_one_of(st.sampled_from(sorted(set(key.vocabulary.words.values()))), key)
        case Kind.NUMBER:
            number = whole_numbers | fractions
            return presence | some_or_one_of(number, key) | ordered(number, key)
        case Kind.ID:
            return presence | some_or_one_of(st.integers(0, 10**18 - 1), key)
        case Kind.BOOLEAN:
            return presence | st.builds(Term, key=st.just(key), values=st.tuples(st.booleans()))
        case Kind.DATE:
            return presence | dated(key)
        case Kind.VERSION:
            return presence | some_or_one_of(versions | version_patterns, key) | ordered(versions, key)
        case Kind.BUILD:
            build = st.integers(0, 10**18 - 1)
            return presence | some_or_one_of(texts | patterns | build, key) | ordered(build, key)
        case _:
            return presence | some_or_one_of(st.from_regex("[0-9a-f]{32}", fullmatch=True), key)


tag_keys = st.builds(tag_key, names, st.sampled_from([Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN])) | st.builds(
    flag_key, names, st.sampled_from([Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN])
)
issue_keys = st.sampled_from([key for key in ALL_KEYS if key != HAS]) | tag_keys
event_keys = st.sampled_from([key for key in ALL_KEYS if key.level is Level.EVENT and key != HAS]) | tag_keys
free_text = st.builds(Term, key=st.just(MESSAGE), values=st.tuples(texts | patterns))
queries = st.builds(Query, st.lists(issue_keys.flatmap(terms_on) | free_text, max_size=5).map(tuple))


def some_of(kind: type[And] | type[Or], parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    other_parts = parts.filter(lambda part: not isinstance(part, kind))
    return st.lists(other_parts, min_size=2, max_size=3).map(lambda several: kind(tuple(several)))


expressions = st.recursive(
    event_keys.flatmap(terms_on) | free_text,
    lambda parts: some_of(And, parts) | some_of(Or, parts),
    max_leaves=6,
)
pieces = [
    *' :*\\"()[],!=<>-+ab1 ',
    *(" ", "\n", "a:", "k:", "is:", "has:", "level:", "age:", "timesSeen:", "release.version:", "release.build:"),
    *("error.handled:", "tags[", "or", "AND ", "-1h", "\uf00dContains\uf00d", "unresolved", "true"),
]
anything = st.lists(st.sampled_from(pieces), max_size=14).map("".join)


@given(queries)
def test_every_issue_search_survives_a_round_trip_through_text(query: Query) -> None:
    assert parse_issue_query(str(query), now=NOW) == query


@given(expressions)
def test_every_event_search_survives_a_round_trip_through_text(expression: Expression) -> None:
    assert parse_event_query(str(expression), now=NOW) == expression


@given(anything)
@example('a\\ "" b\\')
@example("a:(b)\\")
def test_whatever_can_be_read_as_an_issue_search_reads_the_same_when_printed(text: str) -> None:
    try:
        query = parse_issue_query(text, now=NOW)
    except MalformedQuery:
        return
    assert parse_issue_query(str(query), now=NOW) == query


@given(anything)
@example("(a) b\\")
def test_whatever_can_be_read_as_an_event_search_reads_the_same_when_printed(text: str) -> None:
    try:
        expression = parse_event_query(text, now=NOW)
    except MalformedQuery:
        return
    assert parse_event_query(str(expression), now=NOW) == expression


@given(st.text(max_size=30))
def test_no_text_breaks_the_parser(text: str) -> None:
    for parse in (parse_issue_query, parse_event_query):
        with suppress(MalformedQuery):
            assert parse(text, now=NOW) is not None
