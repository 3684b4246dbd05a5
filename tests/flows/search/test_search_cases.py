"""The rows of spec/search.md 7.1 to 7.4 that lists of issues decide, over FX."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tocsin.domain.errors import InvalidQuery

ALL = "I4 I1 I2 I3 I5"

FOUND = {
    "search-G02": ("", ALL),
    "search-G03": ("level:warning", "I2"),
    "search-G05": ("!is:resolved", "I4 I1 I3 I5"),
    "search-G06": ("is:unresolved is:resolved", ""),
    "search-G11": ("!status:[resolved, ignored]", "I4 I1 I5"),
    "search-G17": ("order", ""),
    "search-G18": ("(level:error)", ""),
    "search-G23": ("PRESSURE", "I1"),
    "search-G24": ("bad pressure", "I1"),
    "search-G24-turned": ("pressure bad", ""),
    "search-G26": ("Type*", "I3"),
    "search-G27": ("*undefined", "I3"),
    "search-G27-middle": ("x*undef", "I3"),
    "search-G29": ("browser:Chrome", "I1"),
    "search-G29-case": ("browser:chrome", ""),
    "search-G29-wild": ("browser:chr*", "I1"),
    "search-G30": ("!browser:Chrome", "I4 I2 I1 I3 I5"),
    "search-G32": ("browser:Firefox server:web-2", ""),
    "search-G33": ("server:[web-1, web-2]", "I1 I2"),
    "search-G36": ("server:[]", ""),
    "search-G38": ('server:"web-1"', "I1"),
    "search-G44-has": ("has:server", "I1 I2"),
    "search-G44-empty": ('!server:""', "I1 I2"),
    "search-G47": ("tags[server]:web-1", "I1"),
    "search-G47-quoted": ('"server":web-1', "I1"),
    "search-G50": ("http://example.com", ""),
    "search-G51": ("level:=error", "I4 I1"),
    "search-G51-not": ("level:!=error", "I2 I3 I5"),
    "search-G53": ("level:>error", ""),
    "search-G54": ("Is:resolved", ""),
    "search-G56": ("   is:resolved   ", "I2"),
    "search-G60": ("!pressure", ""),
    "search-N05": ("timesSeen:[1, 2]", "I4 I2 I5"),
    "search-N06": ("times_seen:10", "I3"),
    "search-N11": ("timesSeen:<5m", ALL),
    "search-N12": ("timesSeen:2 browser:Chrome", "I1"),
    "search-N14": ("firstSeen:-24h", "I4 I2"),
    "search-N15": ("firstSeen:+24h", "I1 I3 I5"),
    "search-N17": ("lastSeen:-2h", "I4 I1"),
    "search-N18": ("lastSeen:+7d", "I5"),
    "search-N24": ("firstSeen:>2025-01-01", ALL),
    "search-K01": ("assigned:me", "I2 I3"),
    "search-K02-mail": ("assigned:{jane}", "I2 I3"),
    "search-K02-case": ("assigned:{JANE}", "I2 I3"),
    "search-K04": ("!assigned:me", "I4 I1 I5"),
    "search-K05": ("assigned:none", "I4 I1 I5"),
    "search-K05-is": ("is:unassigned", "I4 I1 I5"),
    "search-K05-assigned": ("is:assigned", "I2 I3"),
    "search-K07": ("assigned:[me, none]", ALL),
    "search-K08": ("assigned:nosuchuser", ""),
    "search-K08-team": ("assigned:#nosuchteam", ""),
    "search-K09-team": ("assigned:#BACKEND", "I3"),
    "search-K10": ("assigned:my_teams", "I3"),
    "search-K11": ("is:unresolved assigned:[me, #backend]", ""),
    "search-K15": ("bookmarks:me", "I2"),
    "search-K17-unlinked": ("is:unlinked is:unresolved", "I4 I1 I5"),
    "search-K18": ("is:for_review", "I4"),
    "search-K19": ("is:archived_forever", "I3"),
    "search-K19-new": ("is:new", "I4"),
    "search-K23": ("firstRelease:app@2.0.0", "I4"),
    "search-K23-quoted": ('first-release:"app@2.0.0"', "I4"),
    "search-K23-list": ("first_release:[app@2.0.0, nope]", "I4"),
    "search-K24-latest": ("firstRelease:latest", "I4"),
    "search-K25": ("release:app@1.2.3", "I1"),
    "search-K27-latest": ("release:latest", "I4 I1"),
    "search-K29": ("release.version:>1.2.3", "I4 I1"),
    "search-K31": ("release.version:[1.2.3,1.2.4]", "I1"),
    "search-K33-package": ("release.package:app", "I4 I1"),
    "search-K34": ("release.version:1.2.*", "I1"),
    "search-K34-none": ("release.version:9.*", ""),
    "search-K36-negated": ("!release.package:app", "I2 I3 I5"),
    "search-K38": ("environment:staging", "I1 I3"),
    "search-K41": ('environment:""', "I4 I5"),
    "search-K44": ("error.handled:false", "I1"),
    "search-K44-unhandled": ("error.unhandled:1", "I1"),
    "search-K44-negated": ("!error.handled:true", "I1"),
    "search-K46": ("error.type:ValueError", "I1"),
    "search-K46-negated": ("!error.type:ValueError", "I4 I2 I3 I5"),
    "search-K47": ("stack.filename:*pump.py", "I1"),
    "search-K47-has": ("has:stack.filename", "I1"),
    "search-K50": ("user.id:1", "I1"),
    "search-K50-user": ('user:"id:1"', "I1"),
    "search-K50-email": ("user.email:x@y.z", ""),
    "search-K51-issue": ("issue:PUMP-1", "I1"),
    "search-K55": ("issue.type:error", ALL),
    "search-K56": ("issue.priority:HIGH", "I4 I1 I3"),
    "search-K57-project": ("project:valve", "I4"),
    "search-K57-not": ("!project:valve", "I1 I2 I3 I5"),
    "search-K57-wild": ("project:va*", "I4"),
    "search-K61": ("timestamp:>=2026-11-10T08:00:00 timestamp:<=2026-11-10T10:30:00", "I1 I2"),
    "has-assigned": ("has:assigned", "I2 I3"),
    "has-nobody": ("!has:assigned", "I4 I1 I5"),
    "has-bookmarks": ("has:bookmarks", "I2"),
    "has-first-release": ("has:firstRelease", "I4 I1"),
    "linked": ("is:linked", ""),
    "regressed-in": ("has:regressed_in_release", ""),
    "two-projects": ("project:[pump, valve] is:unresolved", "I4 I1 I5"),
    "stage-adopted": ("release.stage:adopted", ""),
    "stage-low": ("release.stage:[low, adopted]", "I4 I1"),
    "stage-not-low": ("!release.stage:low", "I2 I3 I5"),
    "stage-replaced": ("!release.stage:replaced", ALL),
    "category": ("issue.category:feedback", ""),
}  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), FOUND.values(), ids=FOUND)
def test_a_query_finds_these_issues_in_this_order(fx, query, expected):
    query = query.format(jane=fx.mail, JANE=fx.mail.upper())
    assert fx.found(query) == expected
    assert fx.search.count(fx.asked(query), fx.now) == len(expected.split())
    assert set(fx.search.ids(fx.asked(query), fx.now)) == {fx.named[name] for name in expected.split()}


PARAMETERS = {
    "search-N02": ("timesSeen:>2", {"stats_period": "24h"}, ""),
    "search-N03": ("timesSeen:>=2", {"stats_period": "24h"}, "I4 I1"),
    "search-K40": ("", {"environments": ("production", "staging")}, "I1 I2 I3"),
    "search-K43": ("environment:staging", {"environments": ("production",)}, ""),
    "search-L02": ("", {"sort": "new"}, "I4 I2 I1 I3 I5"),
    "search-L03": ("", {"sort": "user", "limit": 2}, "I3 I1"),
    "search-L04-freq": ("", {"sort": "freq"}, "I3 I1 I4 I5 I2"),
    "search-L09": ("", {"stats_period": "24h"}, "I4 I1 I2"),
    "search-L15": ("", {"start": "2026-10-30T12:00:00", "end": "2026-11-06T12:00:00Z"}, "I3"),
    "search-L17": ("", {"stats_period": "24h", "start": "2000-01-01", "end": "2000-01-02"}, "I4 I1 I2"),
    "inbox": ("is:unresolved is:for_review", {"sort": "inbox"}, "I4"),
    "inbox-of-mine": ("is:unresolved is:for_review assigned_or_suggested:none", {"sort": "inbox"}, "I4"),
    "latest-there": ("release:latest", {"environments": ("staging",)}, "I1"),
    "latest-nowhere": ("release:latest", {"environments": ("",)}, "I4"),
    "first-release-latest-there": ("firstRelease:latest", {"environments": ("production",)}, "I1"),
    "no-environment": ("", {"environments": ("",)}, "I4 I5"),
    "first-seen-there": ("firstSeen:-24h", {"environments": ("production",)}, "I1 I2"),
    "first-release-there": ("firstRelease:app@1.2.4", {"environments": ("production",)}, "I1"),
    "nothing-searched": ("", {"projects": ()}, ""),
    "outside-retention": ("", {"start": "2001-01-01", "end": "2001-01-02"}, ""),
}


@pytest.mark.parametrize(("query", "parameters", "expected"), PARAMETERS.values(), ids=PARAMETERS)
def test_parameters_narrow_and_sort(fx, query, parameters, expected):
    assert fx.found(query, **parameters) == expected


@pytest.mark.parametrize(("sort", "expected"), [("trends", "I4 I1 I2 I5 I3"), ("recommended", "I4 I1 I2 I3 I5")])
def test_scored_orders_weigh_how_recent_and_how_many_events_there_are(fx, sort, expected):
    assert fx.found("", sort=sort) == expected


REFUSED = {
    "search-K22": ("is:resolved", "inbox", "Sort key 'inbox' only supported for inbox search"),
    "search-K22-status": ("is:resolved is:for_review", "inbox", "Inbox search only works for 'unresolved' status"),
    "inbox-about-events": (
        "is:unresolved is:for_review level:error assigned:me",
        "inbox",
        "Invalid search terms for 'inbox' search: ['assigned_to:me', 'level:error']",
    ),
    "search-K52": ("issue:NOPE-1", "date", "Invalid value '['NOPE-1']' for 'issue:' filter"),
    "search-K58": (
        "project:nope",
        "date",
        "Invalid query. Project(s) nope do not exist or are not actively selected.",
    ),
    "search-L04": ("", "meow", "Sort key 'meow' not supported."),
}


@pytest.mark.parametrize(("query", "sort", "detail"), REFUSED.values(), ids=REFUSED)
def test_some_searches_have_no_meaning(fx, query, sort, detail):
    with pytest.raises(InvalidQuery) as refusal:
        fx.page(query, sort=sort)
    assert refusal.value.detail == detail


@pytest.mark.parametrize(
    ("query", "filtered"),
    [("release:app@1.2.3", 2), ("release:app@1.2.*", 3), ("release.version:[1.2.3,1.2.4]", 3),
     ("error.handled:false", 1), ("is:unresolved browser:Chrome", 2)],
    ids=["search-K25", "search-K26", "search-K31", "search-K44", "search-L21"],
)  # fmt: skip
def test_the_filter_has_figures_of_its_own(fx, query, filtered):
    found = fx.numbers("I1", query)
    assert (found.filtered.count, found.count) == (filtered, 3)
    assert sum(events for _, events in found.filtered_series) == min(filtered, 2) - (query == "release:app@1.2.3")


def test_without_a_filter_there_are_no_filtered_figures(fx):
    assert fx.numbers("I1", "is:unresolved").filtered is None


@pytest.mark.parametrize("row", ["search-L09"])
def test_figures_are_those_of_the_window_and_of_the_whole_life(fx, row):
    found = fx.numbers("I1", stats_period="24h")
    assert (found.count, found.user_count, found.lifetime.count, found.lifetime.user_count) == (2, 2, 3, 2)
    assert found.last_seen - found.first_seen == timedelta(hours=1)
    assert found.lifetime.last_seen - found.lifetime.first_seen == timedelta(hours=29)
    assert found.is_unhandled
    assert not fx.numbers("I2").is_unhandled


@pytest.mark.parametrize(
    ("group_stats", "points", "step", "events"), [("24h", 24, 3600, 2), ("14d", 14, 86_400, 3), ("auto", 24, 3600, 2)]
)
def test_series_cover_their_time(fx, group_stats, points, step, events):
    series = fx.numbers("I1", stats_period="24h", group_stats=group_stats).series
    assert len(series) in {points, points + (group_stats == "auto")}
    assert {later[0] - earlier[0] for earlier, later in pairwise(series)} == {step}
    assert sum(count for _, count in series) == events


def test_no_series_is_made_unless_asked_for(fx):
    assert fx.numbers("I1", group_stats="").series == ()


@pytest.mark.parametrize("row", ["search-L32", "search-L33"])
def test_the_id_of_an_event_names_its_issue(fx, row):
    dashed = f"  {fx.e1[:8]}-{fx.e1[8:12]}-{fx.e1[12:16]}-{fx.e1[16:20]}-{fx.e1[20:]} ".upper()
    for text in (fx.e1, dashed, "{" + fx.e1 + "}"):
        hit = fx.search.direct_hit(text, fx.projects, short_ids=False)
        assert ([issue.id for issue in hit.issues], hit.event_id) == ([fx.named["I1"]], fx.e1)
    assert fx.search.direct_hit(fx.e1, [fx.valve], short_ids=False) is None
    assert fx.search.direct_hit("f" * 32, fx.projects, short_ids=True) is None


@pytest.mark.parametrize("text", ["PUMP-2", "issue:PUMP-2", "pump_2"], ids=["search-L35", "search-L36", "blank"])
def test_a_short_id_names_its_issue_when_asked_to(fx, text):
    hit = fx.search.direct_hit(text, fx.projects, short_ids=True)
    assert ([issue.id for issue in hit.issues], hit.event_id) == ([fx.named["I2"]], None)
    assert fx.search.direct_hit(text, fx.projects, short_ids=False) is None
    assert fx.search.direct_hit("VALVE-77", fx.projects, short_ids=True) is None


@pytest.mark.parametrize("row", ["search-L38"])
def test_issues_already_known_get_their_figures(fx, row):
    wanted = fx.asked(stats_period="24h")
    found = fx.search.statistics([fx.issue("I3"), fx.issue("I1")], wanted.window, None, "24h", fx.now)
    assert [(one.issue.id, one.count, one.lifetime.count) for one in found] == [
        (fx.named["I3"], 0, 10),
        (fx.named["I1"], 2, 3),
    ]
    assert (found[0].first_seen, len(found[0].series)) == (None, 24)


def test_an_exact_set_of_issues_can_be_searched(fx):
    wanted = (fx.named["I1"], fx.named["I5"])
    assert fx.found("is:unresolved", issue_ids=wanted) == "I1 I5"
    assert fx.found("level:error", issue_ids=wanted) == "I1"


@pytest.mark.parametrize("row", ["search-K53"])
def test_issues_are_found_by_number(fx, row):
    assert fx.found(f"issue.id:[{fx.named['I1']},{fx.named['I2']}]") == "I1 I2"


@pytest.mark.parametrize("row", ["search-K59"])
def test_issues_are_found_by_an_event_among_others(fx, row):
    assert fx.found(f"id:{fx.e2}") == "I1"
