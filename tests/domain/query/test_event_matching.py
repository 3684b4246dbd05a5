"""What searches find, event by event: the rows of spec/search.md 7.1 to 7.3 that events alone decide."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tocsin.domain.event.event import Event
from tocsin.domain.query.evaluate import holds, matches
from tocsin.domain.query.keys import ALL_KEYS, HAS, Level, ReleasePart
from tocsin.domain.query.parse import parse_event_query, parse_issue_query
from tocsin.domain.query.split import split

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(ago: timedelta = HOUR, *, tags: dict[str, str] | None = None, payload: Any = None, **fields: Any) -> Event:
    given = {
        "project_id": 1,
        "event_id": "0" * 32,
        "timestamp": NOW - ago,
        "received": NOW - ago,
        "type": "default",
        "level": "error",
        "platform": "python",
        "title": "",
        "metadata": {},
        "hashes": ("0" * 32,),
    }
    return Event(**given | fields, tags=tuple(sorted((tags or {}).items())), payload=msgspec.json.encode(payload or {}))


def pressure(
    ago: timedelta, browser: str, environment: str, server: str, release: str, user_id: int, **fields: Any
) -> Event:
    return event(
        ago,
        type="error",
        title="ValueError: bad pressure",
        message="ValueError bad pressure app/pump.py ValueError: bad pressure",
        environment=environment,
        release=release,
        user=f"id:{user_id}",
        error_types=("ValueError",),
        error_values=("bad pressure",),
        stack_filenames=("app/pump.py",),
        tags={"browser": browser, "server": server, "environment": environment, "release": release},
        payload={"user": {"id": str(user_id)}},
        **fields,
    )


E2 = "e2" * 16
ISSUES: dict[str, list[Event]] = {
    # in the order of their latest event, which is the order of an answer
    "I4": [event(timedelta(minutes=m), title="Timeout", message="Timeout", release="app@2.0.0") for m in (10, 20)],
    "I1": [
        pressure(HOUR, "Chrome", "production", "web-1", "app@1.2.3", 1, handled=False),
        pressure(2 * HOUR, "Chrome", "production", "web-2", "app@1.2.4", 2, event_id=E2),
        pressure(30 * HOUR, "Firefox", "staging", "web-1", "app@1.2.3", 1),
    ],
    "I2": [
        event(
            3 * HOUR,
            title="Disk full",
            message="Disk full",
            level="warning",
            environment="production",
            tags={"server": "web-2", "environment": "production"},
        ),
        event(
            3 * HOUR,
            title="Disk full",
            message="Disk full",
            level="warning",
            environment="production",
            tags={"server": 'we"b', "environment": "production", "a:b": "c", "city": "wéb ünï"},
        ),
    ],
    "I3": [
        event(
            30 * HOUR,
            type="error",
            title="TypeError: x is undefined",
            message="TypeError x is undefined TypeError: x is undefined",
            level="fatal",
            environment="staging",
            error_types=("TypeError",),
            error_values=("x is undefined",),
            tags={"browser": "Safari", "environment": "staging"},
        )
    ],
    "I5": [event(timedelta(days=40), title="cats or dogs", message="cats or dogs", level="info")],
}

FOUND = {
    "search-G02": ("", "I4 I1 I2 I3 I5"),
    "search-G03": ("level:warning", "I2"),
    "search-G17": ("order", ""),
    "search-G18": ("(level:error)", ""),
    "search-G23-lower": ("pressure", "I1"),
    "search-G23-upper": ("PRESSURE", "I1"),
    "search-G24": ("bad pressure", "I1"),
    "search-G24-turned": ("pressure bad", ""),
    "search-G26": ("Type*", "I3"),
    "search-G27": ("*undefined", "I3"),
    "search-G27-middle": ("x*undef", "I3"),
    "search-G29": ("browser:Chrome", "I1"),
    "search-G29-case": ("browser:chrome", ""),
    "search-G29-wild": ("browser:chr*", "I1"),
    "search-G30": ("!browser:Chrome", "I4 I1 I2 I3 I5"),
    "search-G32": ("browser:Firefox server:web-2", ""),
    "search-G33": ("server:[web-1, web-2]", "I1 I2"),
    "search-G36": ("server:[]", ""),
    "search-G38": ('server:"web-1"', "I1"),
    "search-G41": (r"server:we\"b", "I2"),
    "search-G41-quoted": (r'server:"we\"b"', "I2"),
    "search-G44-has": ("has:server", "I1 I2"),
    "search-G44-empty": ('!server:""', "I1 I2"),
    "search-G47": ("tags[server]:web-1", "I1"),
    "search-G48": ('"a:b":c', "I2"),
    "search-G48-has": ('has:"a:b"', "I2"),
    "search-G50": ("http://example.com", ""),
    "search-G51-equals": ("level:=error", "I4 I1"),
    "search-G51-not": ("level:!=error", "I2 I3 I5"),
    "search-G53": ("level:>error", ""),
    "search-G54": ("Is:resolved", ""),
    "search-G57": ('city:"wéb ünï"', "I2"),
    "search-G60": ("!pressure", ""),
    "search-K25": ("release:app@1.2.3", "I1"),
    "search-K26": ("release:app@1.2.*", "I1"),
    "search-K29": ("release.version:>1.2.3", "I4 I1"),
    "search-K31": ("release.version:[1.2.3,1.2.4]", "I1"),
    "search-K34": ("release.version:1.2.*", "I1"),
    "search-K34-none": ("release.version:9.*", ""),
    "search-K38": ("environment:staging", "I1 I3"),
    "search-K41": ('environment:""', "I4 I5"),
    "search-K44-handled": ("error.handled:false", "I1"),
    "search-K44-unhandled": ("error.unhandled:true", "I1"),
    "search-K44-one": ("error.unhandled:1", "I1"),
    "search-K44-negated": ("!error.handled:true", "I1"),
    "search-K46": ("error.type:ValueError", "I1"),
    "search-K46-negated": ("!error.type:ValueError", "I4 I2 I3 I5"),
    "search-K47": ("stack.filename:*pump.py", "I1"),
    "search-K47-has": ("has:stack.filename", "I1"),
    "search-K50-id": ("user.id:1", "I1"),
    "search-K50-tag": ('user:"id:1"', "I1"),
    "search-K50-none": ("user.email:x@y.z", ""),
    "search-K59": (f"id:{E2}", "I1"),
    "search-K61": ("timestamp:>=2026-11-10T08:00:00 timestamp:<=2026-11-10T10:30:00", "I1 I2"),
}


def finds(text: str, one: Event) -> bool:
    return all(matches(term, one, now=NOW) for term in split(parse_issue_query(text, now=NOW)).event_terms)


@pytest.mark.parametrize(("text", "issues"), FOUND.values(), ids=FOUND)
def test_an_issue_is_found_when_one_event_meets_every_term(text: str, issues: str) -> None:
    assert [name for name, events in ISSUES.items() if any(finds(text, one) for one in events)] == issues.split()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("release:app@1.2.3", 2),
        ("release:app@1.2.*", 3),
        ("release.version:[1.2.3,1.2.4]", 3),
        ("error.handled:false", 1),
    ],
    ids=["search-K25", "search-K26", "search-K31", "search-K44"],
)
def test_only_the_events_that_meet_every_term_count(text: str, count: int) -> None:
    assert sum(finds(text, one) for one in ISSUES["I1"]) == count


FIRST_SEEN = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "is_meant"),
    [
        ("firstSeen:2026-11-10T12:05:00", FIRST_SEEN, True),
        ("firstSeen:2026-11-10T12:05:01", FIRST_SEEN, False),
        ("firstSeen:2026-11-10T11:54:01", FIRST_SEEN, True),
        ("firstSeen:2026-11-10T11:54:00", FIRST_SEEN, False),
        ("firstSeen:>2026-11-10", FIRST_SEEN, True),
        ("firstSeen:<=2026-11-10", FIRST_SEEN, False),
        ("firstSeen:-24h", NOW - 24 * HOUR, True),
        ("firstSeen:-24h", NOW - 25 * HOUR, False),
        ("firstSeen:+24h", NOW - 24 * HOUR, True),
        ("firstSeen:+24h", NOW - 23 * HOUR, False),
        ("lastSeen:-2h", NOW - HOUR, True),
        ("lastSeen:+7d", NOW - timedelta(days=40), True),
        ("lastSeen:+7d", NOW - timedelta(days=6), False),
        ("firstSeen:+2025-01-01", datetime(2025, 1, 1, tzinfo=UTC), True),
        ("firstSeen:+2025-01-01", datetime(2024, 12, 31, tzinfo=UTC), False),
        ("firstSeen:>2025-01-01", FIRST_SEEN, True),
        ("firstSeen:2026-11-10", FIRST_SEEN, True),
        ("firstSeen:2026-11-11", FIRST_SEEN, False),
        ("firstSeen:2026-11-09", datetime(2026, 11, 10, tzinfo=UTC), False),
        ("firstSeen:=2026-11-10T12:00:00", FIRST_SEEN, True),
        ("firstSeen:=2026-11-10T12:00:01", FIRST_SEEN, False),
        ("firstSeen:!=2026-11-10T12:00:00", FIRST_SEEN, False),
        ("firstSeen:!=2026-11-10T12:00:01", FIRST_SEEN, True),
        ("firstSeen:<2026-11-10T12:00:00", FIRST_SEEN, False),
        ("firstSeen:>=2026-11-10T14:00:00+02:00", FIRST_SEEN, True),
        ("firstSeen:+99999999w", FIRST_SEEN, False),
        ("firstSeen:-99999999w", FIRST_SEEN, True),
    ],
    ids=[
        *(
            "search-N26-last",
            "search-N26-late",
            "search-N26-first",
            "search-N26-early",
            "search-N27-in",
            "search-N27-out",
        ),
        *("search-N14-in", "search-N14-out", "search-N15-in", "search-N15-out", "search-N17", "search-N18-in"),
        *("search-N18-out", "search-N23-in", "search-N23-out", "search-N24", "day", "next-day", "day-before"),
        *("exact", "not-exact", "not-equal", "not-unequal", "less", "offset", "very-long-ago", "within-all-time"),
    ],
)
def test_a_date_means_these_instants(text: str, at: datetime, *, is_meant: bool) -> None:
    (term,) = parse_issue_query(text, now=NOW).terms
    assert term.date_range(NOW).contains(at) is is_meant


FRAMES = [{"lineno": 3, "in_app": True, "package": "libc"}, {"lineno": 70, "in_app": False, "colno": None}]
RICH = event(
    release="pkg@1.2.3-rc.1+150",
    tags={"size": "12", "sampled": "yes", "device.class": "low", "level": "odd"},
    handled=True,
    payload={
        "user": {"username": "jane", "ip_address": "1.2.3.4", "geo": {"city": "Wien"}},
        "request": {"method": "GET", "headers": [["Referer", "http://a/"], ["X", "y"]]},
        "exception": {"values": [{"stacktrace": {"frames": FRAMES}}, {"stacktrace": None}]},
        "threads": {"values": [{"main": True, "crashed": False}, {"main": False, "crashed": True}]},
        "contexts": {
            "device": {"charging": True, "battery_level": 50},
            "response": {"status_code": 502},
            "trace": {"trace_id": "ab" * 16},
            "flags": {"values": [{"flag": "beta", "result": False}, {"flag": "beta", "result": True}]},
        },
    },
)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("stack.lineno:70", True),
        ("stack.lineno:>70", False),
        ("stack.lineno:<70", True),
        ("!stack.lineno:3", False),
        ("!stack.lineno:4", True),
        ("has:stack.colno", False),
        ("stack.package:libc", True),
        ("stack.in_app:true", True),
        ("stack.in_app:false", True),
        ("error.main_thread:true", False),
        ("error.main_thread:false", True),
        ("http.method:GET", True),
        ("http.referer:http://a/", True),
        ("http.status_code:502", True),
        ("has:http.url", False),
        ("user.display:jane", True),
        ("user.ip:1.2.3.4", True),
        ("geo.city:W*", True),
        ("device.charging:true", True),
        ("device.battery_level:50", True),
        ("device.class:low", True),
        ("device.class:[high, medium]", False),
        (f"trace:{'ab' * 16}", True),
        ("flags[beta]:true", True),
        ("flags[gamma]:true", False),
        ("has:flags[gamma]", False),
        ("tags[size,number]:>=12", True),
        ("tags[size,number]:>12", False),
        ("tags[level,number]:>0", False),
        ("tags[sampled,boolean]:true", True),
        ("tags[missing,boolean]:false", True),
        ("has:tags[missing,boolean]", False),
        ("tags[level]:odd", True),
        ("level:odd", False),
        ("!missing:x", True),
        ('missing:["", x]', True),
        ("release.version:<1.2.3", True),
        ("release.version:pkg@1.2.3-rc.1", True),
        ("release.version:other@1.2.3-rc.1", False),
        ("release.package:pkg", True),
        ("release.build:>149", True),
        ("release.build:150", True),
        ("release.build:1*", True),
        ("!release.build:150", False),
        ("project.id:1", True),
        ("timestamp.to_hour:=2026-11-10T11:00:00", True),
        ("timestamp.to_day:=2026-11-10", True),
        ("error.received:-1h", True),
        ("level:error (title:x OR level:[error, fatal])", True),
        ("level:fatal OR !level:error", False),
    ],
)
def test_an_event_search_reads_these_places(text: str, *, is_found: bool) -> None:
    assert holds(parse_event_query(text, now=NOW), RICH, now=NOW) is is_found


def test_every_key_that_has_a_source_can_be_read_from_any_event() -> None:
    for key in ALL_KEYS:
        if key.source is not None:
            (term,) = parse_issue_query(f"has:{key}", now=NOW).terms
            assert matches(term, event(), now=NOW) in {True, False}


def test_what_only_state_can_tell_is_not_asked_of_events() -> None:
    (stage,) = parse_issue_query("release.stage:adopted", now=NOW).terms
    with pytest.raises(ValueError, match=r"cannot tell release\.stage"):
        matches(stage, event(), now=NOW)


def test_every_key_of_the_event_level_names_a_place_but_for_the_known_few() -> None:
    without = {key.name for key in ALL_KEYS if key.level is Level.EVENT and key.source is None}
    assert without == {HAS.name, "release.stage"}
    assert {key.source for key in ALL_KEYS if isinstance(key.source, ReleasePart)} == set(ReleasePart)


def test_a_term_on_no_date_has_no_range() -> None:
    (term,) = parse_issue_query("level:error", now=NOW).terms
    with pytest.raises(ValueError, match="about no date"):
        term.date_range(NOW)
