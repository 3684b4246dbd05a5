from datetime import timedelta

import pytest

from tocsin.storage.history import filters
from tocsin.storage.history.events import (
    EventSummary,
    Order,
    count,
    event,
    latest,
    neighbours,
    oldest,
    page,
    stored_page,
)
from tocsin.storage.history.filters import Text, column, is_like, is_one_of, tag
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import EVERYTHING, IssueScope, Page, ProjectScope, Selection


@pytest.fixture
def pump(history, make_event, noon, project_id):
    """The events e1, e2, e3 of one issue, newest first, and one event of another (as FX of spec/search.md 7)."""
    events = [
        make_event(minutes=-60, tags={"browser": "Chrome", "server": "web-1"}, environment="production", release="2"),
        make_event(minutes=-120, tags={"browser": "Chrome", "server": "web-2"}, environment="production", release="2"),
        make_event(minutes=-1800, tags={"browser": "Firefox", "server": "web-1"}, environment="staging", release="1"),
        make_event(minutes=-30, group="other", environment="staging"),
    ]
    insert(history, f"pump-{project_id}", events, noon)
    return events


@pytest.fixture
def issue(project_id, hash_of):
    return IssueScope(project_id, ((hash_of("a"), None),))


def ids(events):
    return [found.event_id for found in events]


def test_the_events_of_an_issue_come_newest_first__search_E08(history, pump, issue):
    found = page(history, issue, EVERYTHING, Page(100))
    assert ids(found) == ids(pump[:3])
    assert all(type(summary) is EventSummary for summary in found)


def test_pages_are_cut_by_limit_and_offset(history, pump, issue):
    assert ids(page(history, issue, EVERYTHING, Page(1, 1))) == [pump[1].event_id]
    assert page(history, issue, EVERYTHING, Page(10, 3)) == []


def test_oldest_first_is_the_other_way_round(history, pump, issue):
    assert ids(page(history, issue, EVERYTHING, Page(9), Order.OLDEST)) == ids(reversed(pump[:3]))


def test_a_sample_is_the_same_each_time(history, pump, issue):
    first = ids(page(history, issue, EVERYTHING, Page(9), Order.SAMPLE))
    assert sorted(first) == sorted(ids(pump[:3]))
    assert ids(page(history, issue, EVERYTHING, Page(9), Order.SAMPLE)) == first


def test_full_events_carry_their_payloads__search_E09(history, pump, issue):
    assert [found.payload for found in stored_page(history, issue, EVERYTHING, Page(9))] == [
        given.payload for given in pump[:3]
    ]


@pytest.mark.parametrize(
    ("environments", "expected"),
    [
        pytest.param(("staging",), [2], id="search-E11"),
        pytest.param(("nope",), [], id="search-E11-unknown"),
        pytest.param(("staging", "production"), [0, 1, 2], id="two"),
    ],
)
def test_environments_narrow_the_events(history, pump, issue, environments, expected):
    found = page(history, issue, Selection(environments=environments), Page(9))
    assert ids(found) == [pump[index].event_id for index in expected]


CHROME = is_one_of(tag("browser"), ["Chrome"])


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param(CHROME, [0, 1], id="search-E12"),
        pytest.param(~CHROME, [2], id="search-E12-negated"),
        pytest.param(is_one_of(column(Text.RELEASE), ["2"]), [0, 1], id="search-E17"),
        pytest.param(CHROME & is_one_of(tag("server"), ["web-1"]), [0], id="both-on-one-event"),
        pytest.param(is_one_of(tag("server"), ["web-2"]) | ~CHROME, [1, 2], id="or"),
        pytest.param(is_like(tag("browser"), "fire*"), [2], id="wildcard-ignores-case"),
        pytest.param(is_one_of(tag("browser"), ["chrome"]), [], id="equality-minds-case"),
        pytest.param(is_one_of(tag("nosuchtag"), [""]), [0, 1, 2], id="missing-tag-is-empty"),
        pytest.param(~is_one_of(tag("nosuchtag"), ["x"]), [0, 1, 2], id="missing-tag-differs"),
        pytest.param(filters.has_tag("nosuchtag"), [], id="has"),
        pytest.param(filters.NEVER, [], id="never"),
    ],
)
def test_conditions_are_about_single_events(history, pump, issue, where, expected):
    found = page(history, issue, Selection(where=where), Page(9))
    assert ids(found) == [pump[index].event_id for index in expected]


def test_latest_and_oldest_are_the_ends__search_E20(history, pump, issue):
    assert latest(history, issue).event_id == pump[0].event_id
    assert oldest(history, issue).event_id == pump[2].event_id


def test_latest_honours_the_environment__search_E21(history, pump, issue):
    assert latest(history, issue, Selection(environments=("staging",))).event_id == pump[2].event_id


def test_there_is_no_latest_when_nothing_matches__search_E23(history, pump, issue):
    assert latest(history, issue, Selection(where=is_one_of(tag("nosuchtag"), ["x"]))) is None


def test_neighbours_are_next_in_time__search_E24(history, pump, issue):
    found = neighbours(history, issue, pump_summary(history, issue, pump[1]))
    assert (found.previous_id, found.next_id) == (pump[2].event_id, pump[0].event_id)


def test_neighbours_end_at_the_ends_and_stay_in_their_environments(history, pump, issue):
    centre = pump_summary(history, issue, pump[1])
    assert neighbours(history, issue, centre, ["production"]).previous_id is None
    assert neighbours(history, issue, pump_summary(history, issue, pump[0])).next_id is None


def test_neighbours_of_the_same_instant_go_by_id(history, make_event, noon, issue):
    events = sorted((make_event() for _ in range(3)), key=lambda given: given.event_id)
    insert(history, events[0].event_id, events, noon)
    found = neighbours(history, issue, pump_summary(history, issue, events[1]))
    assert (found.previous_id, found.next_id) == (events[0].event_id, events[2].event_id)


def pump_summary(history, issue, given):
    return event(history, issue, given.event_id)


def test_an_event_of_another_issue_is_not_found__search_E26(history, pump, issue):
    assert event(history, issue, pump[3].event_id) is None


def test_the_events_of_a_project_come_newest_first__search_E30(history, pump, project_id):
    found = page(history, ProjectScope((project_id,)), EVERYTHING, Page(9))
    assert ids(found) == [pump[3].event_id, *ids(pump[:3])]


def test_an_id_finds_its_event_in_any_of_the_projects__search_E32(history, pump, project_id, other_project_id):
    both = ProjectScope((other_project_id, project_id))
    assert event(history, both, pump[0].event_id).project_id == project_id
    assert event(history, ProjectScope((other_project_id,)), pump[0].event_id) is None


def test_a_window_includes_its_start_and_excludes_its_end(history, pump, issue):
    start, end = pump[1].timestamp, pump[0].timestamp
    assert ids(page(history, issue, Selection(start=start, end=end), Page(9))) == [pump[1].event_id]
    assert count(history, issue, Selection(start=start, end=end + timedelta(microseconds=1))) == 2


def test_a_hash_counts_only_since_it_belongs_to_the_issue(history, make_event, noon, project_id, hash_of):
    before, after = make_event(), make_event()
    insert(history, before.event_id, [before], noon)
    insert(history, after.event_id, [after], noon + timedelta(seconds=1))
    reborn = IssueScope(project_id, ((hash_of("a"), noon + timedelta(microseconds=1)), (hash_of("b"), None)))
    assert ids(page(history, reborn, EVERYTHING, Page(9))) == [after.event_id]


def test_an_issue_of_several_hashes_has_the_events_of_all(history, pump, project_id, hash_of):
    merged = IssueScope(project_id, ((hash_of("a"), None), (hash_of("other"), None)))
    assert count(history, merged) == 4


def test_an_issue_of_no_hash_has_no_events(history, pump, project_id):
    assert count(history, IssueScope(project_id, ())) == 0
