"""Reading issue searches: the rows of spec/search.md 7.1 to 7.3 as far as the text alone decides them."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.errors import MalformedQuery, UnanswerableQuery
from tocsin.domain.query.parse import ISSUE_SEARCH_PREFIX, QUERY_CHARS_MAX, parse_issue_query

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
NO_BOOLEANS = 'Boolean statements containing "OR" or "AND" are not supported in this search'
UNMATCHED = "This is commonly caused by unmatched parentheses. Enclose any text in double quotes."
BAD_NUMBER = "Expected number then optional k, m, or b suffix (e.g. 500k)."
BAD_DATE = "Expected +/-duration (e.g. +1h) or ISO 8601-like (e.g. 2026-11-10T12:00:00+00:00)."
BAD_SEMVER = "Invalid format of semantic version. For searching non-semver releases, use release: instead."
IS_WORDS = [
    *("archived", "archived_forever", "archived_until_condition_met", "archived_until_escalating", "assigned"),
    *("escalating", "for_review", "ignored", "linked", "muted", "new", "ongoing", "regressed", "reprocessing"),
    *("resolved", "unassigned", "unlinked", "unresolved"),
]
BAD_IS = f'Invalid value for "is" search, valid values are {IS_WORDS}'

READABLE = {
    # what is written, and the canonical text of what it means
    "search-G02": ("", ""),
    "search-G03": ("level:warning", "level:warning"),
    "search-G05": ("!is:resolved", "!is:resolved"),
    "search-G06": ("is:unresolved is:resolved", "is:unresolved is:resolved"),
    "search-G11": ("!status:[resolved, ignored]", "!status:[resolved, ignored]"),
    "search-G17": ("order", "order"),
    "search-G18": ("(level:error)", '"(level:error)"'),
    "search-G23": ("PRESSURE", "PRESSURE"),
    "search-G24": ("bad pressure", "bad pressure"),
    "search-G26": ("Type*", "Type*"),
    "search-G27": ("x*undef", "x*undef"),
    "search-G29": ("browser:chr*", "browser:chr*"),
    "search-G32": ("browser:Firefox server:web-2", "browser:Firefox server:web-2"),
    "search-G33": ("server:[web-1,   web-2]", "server:[web-1, web-2]"),
    "search-G36": ("server:[]", "server:=[]"),
    "search-G38": ('server:"web-1"', "server:web-1"),
    "search-G41-bare": (r"server:we\"b", r"server:we\"b"),
    "search-G41-quoted": (r'server:"we\"b"', r"server:we\"b"),
    "search-G44-has": ("has:server", "has:server"),
    "search-G44-empty": ('!server:""', "has:server"),
    "search-G47-tag": ("tags[server]:web-1", "server:web-1"),
    "search-G47-quoted": ('"server":web-1', "server:web-1"),
    "search-G48-quoted": ('"a:b":c', '"a:b":c'),
    "search-G48-has": ('has:"a:b"', 'has:"a:b"'),
    "search-G48-tag": ("tags[a:b]:c", '"a:b":c'),
    "search-G50": ("http://example.com", "http://example.com"),
    "search-G51-equals": ("level:=error", "level:error"),
    "search-G51-not": ("level:!=error", "!level:error"),
    "search-G53": ("level:>error", "level:=>error"),
    "search-G54": ("Is:resolved", "Is:resolved"),
    "search-G56": ("   is:resolved   ", "is:resolved"),
    "search-G57": ('server:"wéb ünï"', 'server:"wéb ünï"'),
    "search-G60": ("!pressure", "!pressure"),
    "search-N02": ("timesSeen:>2", "times_seen:>2"),
    "search-N03": ("timesSeen:>=2", "times_seen:>=2"),
    "search-N05": ("timesSeen:[1, 2]", "times_seen:[1, 2]"),
    "search-N06": ("times_seen:10", "times_seen:10"),
    "search-N11": ("timesSeen:<5m", "times_seen:<5000000"),
    "search-N12": ("timesSeen:2 browser:Chrome", "times_seen:2 browser:Chrome"),
    "search-N14": ("firstSeen:-24h", "first_seen:-24h"),
    "search-N15": ("firstSeen:+24h", "first_seen:+24h"),
    "search-N18": ("lastSeen:+7d", "last_seen:+7d"),
    "search-N23": ("firstSeen:+2025-01-01", "first_seen:>=2025-01-01T00:00:00Z"),
    "search-N24": ("firstSeen:>2025-01-01", "first_seen:>2025-01-01T00:00:00Z"),
    "search-N26": ("firstSeen:2026-11-10T12:05:00", "first_seen:2026-11-10T12:05:00Z"),
    "search-N27": ("firstSeen:<=2026-11-10", "first_seen:<=2026-11-10T00:00:00Z"),
    "search-K01": ("assigned:me", "assigned_to:me"),
    "search-K07": ("assigned:[me, none]", "assigned_to:[me, none]"),
    "search-K11": ("is:unresolved assigned:[me, #backend]", "is:unresolved assigned_to:[me, #backend]"),
    "search-K13": ("assigned_or_suggested:me", "assigned_or_suggested:me"),
    "search-K16": ("subscribed:me", "subscribed_by:me"),
    "search-K19": ("is:archived_forever", "is:archived_forever"),
    "search-K23": ("first-release:[app@2.0.0, nope]", "first_release:[app@2.0.0, nope]"),
    "search-K29": ("release.version:>1.2.3", "release.version:>1.2.3"),
    "search-K31": ("release.version:[1.2.3,1.2.4]", "release.version:[1.2.3, 1.2.4]"),
    "search-K34": ("release.version:1.2.*", "release.version:1.2.*"),
    "search-K37": ("release.build:>150", "release.build:>150"),
    "search-K41": ('environment:""', "!has:environment"),
    "search-K44": ("!error.handled:true", "error.handled:false"),
    "search-K50": ('user:"id:1"', "user:id:1"),
    "search-K53": ("issue.id:[7, 8]", "issue.id:[7, 8]"),
    "search-K56": ("issue.priority:HIGH", "issue.priority:high"),
    # beyond the rows
    "phrases-keep-their-spaces": ("hello   there", "hello   there"),
    "a-filter-splits-a-phrase": ("hello what user.email:a@b.c where", "hello what user.email:a@b.c where"),
    "a-quoted-phrase-is-its-own-term": ('a "b c" d', '"a" "b c" "d"'),
    "parentheses-inside-a-word": ("fn(a/b) fails", "fn(a/b) fails"),
    "parentheses-end-a-value": ("key:foo(bar)", 'key:foo "(bar)"'),
    "unterminated-free-text": ('"unterminated', r'"\"unterminated"'),
    "nested-brackets": ("test:[[h]]", "test:=[h]"),
    "text-after-brackets": ("test:[h]*", "test:=[h]*"),
    "no-list-without-commas": ("test:[h e]", "test:=[h e]"),
    "no-list-before-a-key": ("k:[a]k2:b", "k:=[a]k2:b"),
    "quoted-items": ('k:["a, b", c]', 'k:["a, b", c]'),
    "ordering-before-text": ("random:<hello", "random:=<hello"),
    "two-equals-signs": ("k:==x", "k:==x"),
    "an-escaped-asterisk": (r"k:a\*b", r"k:a\*b"),
    "a-backslash-and-a-wildcard": (r"k:a\\*", r"k:a\\*"),
    "two-wildcards-are-one": ("k:a**b", "k:a*b"),
    "wildcards-inside-quotes": ('k:"* b"', 'k:"* b"'),
    "no-wildcards-for-releases-seen-first": ("firstRelease:1.*", "first_release:1.*"),
    "operator-contains": ("k:\uf00dContains\uf00da*b", r"k:*a\*b*"),
    "operator-starts-with": ("k:\uf00dStartsWith\uf00d[a, b]", "k:[a*, b*]"),
    "operator-ends-with": ('k:\uf00dEndsWith\uf00d"a b"', 'k:"*a b"'),
    "a-tag-by-a-built-in-name": ("tags[level]:x", "tags[level]:x"),
    "a-tag-of-numbers": ("tags[size,number]:>5k", "tags[size,number]:>5000"),
    "a-tag-of-text": ("tags[size,string]:5", "size:5"),
    "a-feature-flag": ("flags[beta]:true", "flags[beta]:true"),
    "has-an-aliased-key": ("!has:firstRelease", "!has:first_release"),
    "has-a-tag-called-is": ("has:is", "has:tags[is]"),
    "negation-turns-orderings-round": ("!timesSeen:>=5", "times_seen:<5"),
    "negations-do-not-cancel": ("!timesSeen:!=5", "!times_seen:5"),
    "numbers-with-fractions": ("timesSeen:<1.5K", "times_seen:<1500"),
    "numbers-below-one": ("timesSeen:>-0.00005", "times_seen:>-0.00005"),
    "a-date-that-is-not": ("firstSeen:!=2018-01-01", "first_seen:!=2018-01-01T00:00:00Z"),
    "an-exact-date": ("firstSeen:=2018-01-01", "first_seen:=2018-01-01T00:00:00Z"),
    "a-date-with-an-offset": ("firstSeen:2018-01-01T01:00:00.5+02:00", "first_seen:2017-12-31T23:00:00.500000Z"),
    "three-names-of-one-status": ("is:muted is:archived", "is:ignored is:ignored"),
    "a-dashed-event-id": (
        "id:01234567-89AB-cdef-0123-456789abcdef",
        "id:0123456789abcdef0123456789abcdef",
    ),
    "an-empty-item-in-quotes": ('environment:["", production]', 'environment:["", production]'),
    "dist": ("dist:5", "dist:5"),
    "words-like-operators": ("android corner", "android corner"),
}

UNREADABLE = {
    # what is written, the text after the prefix, and where the trouble begins
    "search-G08": ("is:wrong", BAD_IS, 0),
    "search-G09": ("is:[resolved, ignored]", '"in" syntax invalid for "is" search', 0),
    "search-G12": ("status:wrong", "invalid status value of 'wrong'", 0),
    "search-G14": ("level:error and level:fatal", NO_BOOLEANS, 12),
    "search-G15": ("cats or dogs", NO_BOOLEANS, 5),
    "search-G20": ("foo(bar", f"Parse error at 'foo(bar' (column 4). {UNMATCHED}", 3),
    "search-G21": ("level:error)", f"Parse error at 'rror)' (column 12). {UNMATCHED}", 11),
    "search-G35": ("server:[web-1, ]", "Lists should not have empty values", 7),
    "search-G39": ('server:"web-1', "Invalid quote at '\"web-1': quotes must enclose text or be escaped.", 7),
    "search-G42": ("server:", "Empty string after 'server:'", 0),
    "search-G45": ('has:"bad key"', 'Invalid format for "has" search: was expecting a field or tag instead', 0),
    "search-G59": ("key:(a b)", "Empty string after 'key:'", 0),
    "search-N08": ("timesSeen:>1t", f"times_seen: Invalid number: >1t. {BAD_NUMBER}", 0),
    "search-N09": ("timesSeen:5h", "h is not a valid number suffix, must be k, m or b", 0),
    "search-N20": ("firstSeen:24h", f"first_seen: Invalid date: 24h. {BAD_DATE}", 0),
    "search-N21": ("firstSeen:-24s", f"first_seen: Invalid date: -24s. {BAD_DATE}", 0),
    "search-N29": ("firstSeen:2026-11-10T12:05", f"first_seen: Invalid date: 2026-11-10T12:05. {BAD_DATE}", 0),
    "search-N30-word": ("firstSeen:hello", f"first_seen: Invalid date: hello. {BAD_DATE}", 0),
    "search-N30-number": ("timestamp:123", f"timestamp: Invalid date: 123. {BAD_DATE}", 0),
    "search-K20": ("is:until_escalating", BAD_IS, 0),
    "search-K55": ("issue.type:foo", "Invalid type value of 'foo'", 0),
    "search-K56": ("issue.priority:foo", "Invalid priority value of 'foo'", 0),
    # beyond the rows
    "priority-ok": ("issue.priority:ok", "Invalid priority value of 'ok'", 0),
    "unknown-substatus": ("substatus:[new, old]", "invalid substatus value of 'old'", 0),
    "unknown-category": ("issue.category:foo", "Invalid category value of 'foo'", 0),
    "a-title-without-quotes": ("TypeError: foo", "Empty string after 'TypeError:'", 0),
    "empty-after-an-alias": ("firstSeen: x", "Empty string after 'first_seen:'", 0),
    "or-in-a-group": ("a (b or c)", NO_BOOLEANS, 5),
    "or-in-a-word": ("fn(a OR b)", NO_BOOLEANS, 5),
    "and-at-the-end": ("cats and", NO_BOOLEANS, 5),
    "a-line-break": ("one\ntwo", f"Parse error at 'one\ntwo' (column 4). {UNMATCHED}", 3),
    "a-tab-in-a-group": ("(a\tb)", f"Parse error at '(a\tb)' (column 3). {UNMATCHED}", 2),
    "two-empty-items": ("k:[,]", "Lists should not have empty values", 2),
    "text-after-quotes": ('k:"a"b', "Invalid quote at '\"a\"b': quotes must enclose text or be escaped.", 2),
    "has-a-list": ("has:[a]", 'Invalid format for "has" search: was expecting a field or tag instead', 0),
    "an-aggregate": ("count():>5", "Aggregate filters (count()) are not supported in issue searches.", 0),
    "a-boolean": (
        "error.handled:maybe",
        "error.handled: Invalid boolean: maybe. Expected true, 1, false, or 0.",
        0,
    ),
    "a-list-of-booleans": (
        "error.handled:[true]",
        "error.handled: Invalid boolean: [true]. Expected true, 1, false, or 0.",
        0,
    ),
    "a-quoted-number": ('timesSeen:"5"', f'times_seen: Invalid number: "5". {BAD_NUMBER}', 0),
    "a-huge-number": ("timesSeen:9999999999b", f"times_seen: Invalid number: 9999999999b. {BAD_NUMBER}", 0),
    "a-negated-age": ("!age:-24h", f"first_seen: Invalid date: -24h. {BAD_DATE}", 0),
    "a-negated-date": ("x !lastSeen:>2018-01-01", f"last_seen: Invalid date: >2018-01-01. {BAD_DATE}", 2),
    "an-alias-of-date": ("event.timestamp:x", f"date: Invalid date: x. {BAD_DATE}", 0),
    "a-list-of-dates": ("age:[-1h]", f"first_seen: Invalid date: [-1h]. {BAD_DATE}", 0),
    "no-such-day": ("age:2018-02-30", f"first_seen: Invalid date: 2018-02-30. {BAD_DATE}", 0),
    "no-such-year": ("age:0001-01-01", f"first_seen: Invalid date: 0001-01-01. {BAD_DATE}", 0),
    "an-instant-after-plus": (
        "age:+2018-01-01T00:00:00",
        f"first_seen: Invalid date: +2018-01-01T00:00:00. {BAD_DATE}",
        0,
    ),
    "an-operator-before-a-duration": ("age:>-24h", f"first_seen: Invalid date: >-24h. {BAD_DATE}", 0),
}

UNANSWERABLE = {
    "search-K35": ("release.version:1.x.y.z.w-?", BAD_SEMVER),
    "search-K53": ("issue.id:>5", "Operator > not valid for search issue.id:>5"),
    "search-K59": (
        "id:abc",
        "Filter ID must be a valid UUID hex (32-36 characters long, containing only digits, dashes, or a-f characters)",
    ),
    "an-id-with-a-wildcard": ("id:abc*", "Wildcard conditions are not permitted on `id` field."),
    "an-event-without-a-project": ("!has:project", "Invalid query for 'has' search: 'project' cannot be empty."),
    "an-order-of-patterns": ("release.version:>1.*", BAD_SEMVER),
}


@pytest.mark.parametrize(("text", "canonical"), READABLE.values(), ids=READABLE)
def test_an_issue_search_means_its_canonical_text(text: str, canonical: str) -> None:
    query = parse_issue_query(text, now=NOW)
    assert str(query) == canonical
    assert parse_issue_query(canonical, now=NOW) == query


@pytest.mark.parametrize(("text", "detail", "offset"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_malformed_issue_search_is_refused_with_the_text_and_the_place(text: str, detail: str, offset: int) -> None:
    with pytest.raises(MalformedQuery) as refusal:
        parse_issue_query(text, now=NOW)
    assert refusal.value.detail == ISSUE_SEARCH_PREFIX + detail
    assert refusal.value.offset == offset


@pytest.mark.parametrize(("text", "detail"), UNANSWERABLE.values(), ids=UNANSWERABLE)
def test_an_unanswerable_issue_search_is_refused_without_the_prefix(text: str, detail: str) -> None:
    with pytest.raises(UnanswerableQuery) as refusal:
        parse_issue_query(text, now=NOW)
    assert refusal.value.detail == detail


def test_a_query_has_a_greatest_length() -> None:
    parse_issue_query("x" * QUERY_CHARS_MAX, now=NOW)
    with pytest.raises(InvalidQuery, match=f"longer than {QUERY_CHARS_MAX} characters"):
        parse_issue_query("x" * (QUERY_CHARS_MAX + 1), now=NOW)


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "piece", ["(", "[", "a:[", "a:[b,", '"', "\\", "a:[ ", "()", "*", "\\*", '\\"', "a b ", "a:\\"]
)
def test_no_long_query_is_slow_to_read(piece: str) -> None:
    text = piece * (QUERY_CHARS_MAX // len(piece))
    with suppress(MalformedQuery):
        assert str(parse_issue_query(text, now=NOW))
