"""Saved and recent searches, ownership rules with their suggestions, user reports, and counts: on both engines."""

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec import structs
from tests.storage.state.conftest import NOW

from tocsin.domain.access import Role
from tocsin.domain.event.event import Event
from tocsin.domain.issue.issue import Status
from tocsin.domain.issue.suggestion import Suggestion, SuggestionReason
from tocsin.domain.ownership import AutoAssignment, Ownership
from tocsin.domain.saved_search import SavedSearch, Visibility
from tocsin.domain.user_report import UserReport
from tocsin.storage.state import (
    attachments,
    issue_conditions,
    issue_hashes,
    issues,
    organizations,
    ownership,
    projects,
    saved_searches,
    teams,
    user_reports,
    users,
)
from tocsin.storage.state.issue_conditions import AllOf, Suggested, SuggestedTo, Unassigned

MINUTE = timedelta(minutes=1)


def search(cast, name, **fields):
    usual = {
        "organization_id": cast.organization_id,
        "user_id": cast.user_id,
        "name": name,
        "query": "x",
        "sort": "date",
    }
    return SavedSearch(**usual | fields, created_at=NOW)


def test_saved_searches_are_seen_by_name_and_pinned_ones_are_apart(state, cast):
    with state.write() as tx:
        other = users.create(tx, f"bob-{uuid4().hex}@acme.io", NOW)
        for one in (
            search(cast, "b"),
            search(cast, "A", visibility=Visibility.ORGANIZATION),
            search(cast, "pin", visibility=Visibility.PINNED),
            search(cast, "c", user_id=other),
        ):
            saved_searches.create(tx, one)
    with state.read() as tx:
        seen = saved_searches.seen_by(tx, cast.organization_id, cast.user_id, 10)
        assert [one.name for one in seen] == ["A", "b", "pin"]
        assert [one.name for one in saved_searches.seen_by(tx, cast.organization_id, other, 10)] == ["A", "c"]
        assert saved_searches.pinned_by(tx, cast.organization_id, cast.user_id, 0).name == "pin"
        assert saved_searches.pinned_by(tx, cast.organization_id, cast.user_id, 1) is None
        assert saved_searches.count(tx, cast.organization_id, cast.user_id) == 3
    with state.write() as tx:
        saved_searches.save(tx, structs.replace(seen[1], name="B", sort="freq"))
        saved_searches.unpin(tx, cast.organization_id, cast.user_id, 0)
        saved_searches.remove(tx, seen[0].id)
        assert saved_searches.by_id(tx, cast.organization_id, seen[1].id).sort == "freq"
        assert saved_searches.seen_by(tx, cast.organization_id, other, 10)[0].name == "c"


def test_recent_searches_are_remembered_once_and_not_for_ever(state, cast):
    place = (cast.organization_id, cast.user_id)
    with state.write() as tx:
        assert saved_searches.note_recent(tx, place, 0, "50%_a", NOW)
        assert not saved_searches.note_recent(tx, place, 0, "50%_a", NOW + MINUTE)
        assert saved_searches.note_recent(tx, place, 1, "50%_a", NOW)
        found = saved_searches.recent(tx, place, 0, contains="0%_A", limit=5)
        assert [(one.query, one.created_at, one.last_seen) for one in found] == [("50%_a", NOW, NOW + MINUTE)]
        assert saved_searches.recent(tx, place, 0, contains="0__", limit=5) == []
        for number in range(saved_searches.RECENT_MAX):
            saved_searches.note_recent(tx, place, 0, f"q{number}", NOW + 2 * MINUTE)
        kept = saved_searches.recent(tx, place, 0, contains="", limit=200)
        assert (len(kept), kept[-1].query) == (saved_searches.RECENT_MAX, "q0")
        assert len(saved_searches.recent(tx, place, 1, contains="", limit=5)) == 1


def test_rules_replace_those_there_were(state, cast):
    kept = Ownership(project_id=cast.project_id, raw="path:* #a", created_at=NOW, updated_at=NOW)
    later = structs.replace(
        kept,
        raw="",
        fallthrough=False,
        is_active=False,
        auto_assignment=AutoAssignment.OFF,
        created_at=NOW + MINUTE,
        updated_at=NOW + MINUTE,
    )
    with state.write() as tx:
        assert ownership.of_projects(tx, [cast.project_id]) == {}
        ownership.save(tx, kept)
        assert ownership.of_projects(tx, [cast.project_id]) == {cast.project_id: kept}
        ownership.save(tx, later)
        assert ownership.of_projects(tx, [cast.project_id])[cast.project_id] == structs.replace(later, created_at=NOW)


def test_suggestions_are_kept_once_and_searched(state, cast):
    def suggested(**who):
        return Suggestion(reason=SuggestionReason.OWNERSHIP_RULE, added_at=NOW, **who)

    with state.write() as tx:
        team_id = teams.create(tx, cast.organization_id, "crew", "Crew", NOW)
        one, two = issues.create(tx, [cast.issue(1), cast.issue(2)])
        person, crew = suggested(user_id=cast.user_id), suggested(team_id=team_id)
        ownership.suggest(tx, {one: [person, crew], two: [crew]})
        ownership.suggest(tx, {one: [structs.replace(person, added_at=NOW + MINUTE)]})
        found = ownership.suggestions(tx, [one, two, 0])
        assert found == {one: sorted([person, crew], key=lambda each: each.user_id or 0), two: [crew]}

        def ids(condition):
            return {each.id for each in issue_conditions.candidates(tx, [condition], limit=1000)} & {one, two}

        assert ids(SuggestedTo(user_ids=(cast.user_id,))) == {one}
        assert ids(SuggestedTo(team_ids=(team_id,))) == {one, two}
        assert ids(AllOf((Unassigned(), Suggested()))) == {one, two}
        teams.remove(tx, team_id)
        assert ids(Suggested()) == {one}


@pytest.fixture
def report(cast):
    return UserReport(
        project_id=cast.project_id, event_id=uuid4().hex, name="Joe", email="j@acme.io", comments="x", created_at=NOW
    )


def test_a_report_finds_its_issue_when_its_event_comes(state, cast, report):
    grouping_hash = uuid4().hex
    event = Event(
        project_id=cast.project_id, event_id=report.event_id, timestamp=NOW, received=NOW, type="error", level="error",
        platform="python", title="t", metadata={}, tags=(), hashes=(grouping_hash,), payload=b"{}", environment="prod",
    )  # fmt: skip
    with state.write() as tx:
        (issue_id,) = issues.create(tx, [cast.issue()])
        issue_hashes.claim(tx, [(cast.project_id, grouping_hash)])
        issue_hashes.link(tx, {(cast.project_id, grouping_hash): issue_id})
        saved = user_reports.save(tx, report)
        assert user_reports.newest(tx, cast.project_id, status=Status.UNRESOLVED, limit=5) == [(saved, None)]
        assert user_reports.newest(tx, cast.project_id, status=Status.RESOLVED, limit=5) == []
        user_reports.attach(tx, [event, structs.replace(event, event_id=uuid4().hex)])
        attached = structs.replace(saved, primary_hash=grouping_hash, environment="prod")
        assert user_reports.newest(tx, cast.project_id, status=None, limit=5) == [(attached, issue_id)]
        assert user_reports.newest(tx, cast.project_id, status=None, environments=["prod"], limit=5)
        assert not user_reports.newest(tx, cast.project_id, status=None, environments=["x"], limit=5)
        assert user_reports.of_issue(tx, issue_id, 5) == [attached]
        assert user_reports.count_of_issue(tx, issue_id) == 1
        again = user_reports.save(tx, structs.replace(attached, comments="y", created_at=NOW + MINUTE))
        assert again == structs.replace(attached, comments="y")
        assert user_reports.of_event(tx, cast.project_id, report.event_id) == again


def test_files_are_paged_by_project_and_events_with_files_are_known(state, cast):
    def file(event_id, kind="event.attachment"):
        return attachments.Attachment(
            project_id=cast.project_id, event_id=event_id, name="n", type=kind, content_type="", size_bytes=1,
            sha256="ab" * 32, created_at=NOW,
        )  # fmt: skip

    one, two = uuid4().hex, uuid4().hex
    with state.write() as tx:
        attachments.add(tx, [file(one), file(two, "event.minidump"), file(one)])
        newest = attachments.newest(tx, cast.project_id, limit=2)
        assert [each.event_id for each in newest] == [one, two]
        assert [each.event_id for each in attachments.newest(tx, cast.project_id, before=newest[-1].id, limit=2)] == [
            one
        ]
        assert len(attachments.newest(tx, cast.project_id, types=["event.minidump"], limit=9)) == 1
        keys = {(cast.project_id, event_id) for event_id in (one, two, uuid4().hex)}
        assert attachments.events_among(tx, keys) == {(cast.project_id, one), (cast.project_id, two)}


def test_organizations_know_their_sizes_and_projects_their_issues(state, cast):
    with state.write() as tx:
        assert organizations.of_role(tx, cast.user_id, Role.OWNER) == {cast.organization_id}
        assert organizations.of_role(tx, cast.user_id, Role.MEMBER) == set()
        assert organizations.member_counts(tx, [cast.organization_id, 0]) == {cast.organization_id: 1}
        ids = issues.create(tx, [cast.issue(number) for number in (1, 2, 3)])
        assert issues.ids_of_project(tx, cast.project_id, 2) == ids[:2]
        team_id = teams.create(tx, cast.organization_id, "crew", "Crew", NOW)
        for reference in ("crew", str(team_id)):
            assert teams.by_reference(tx, cast.organization_id, reference).id == team_id
        assert teams.by_reference(tx, cast.organization_id, "nope") is None


def test_a_project_that_is_leaving_is_out_of_sight_and_its_slug_is_free(state, cast):
    with state.write() as tx:
        (known,) = projects.in_organizations(tx, [cast.organization_id])
        projects.save(tx, known.leaving())
        assert projects.in_organizations(tx, [cast.organization_id]) == []
        assert projects.by_ids(tx, [known.id])[known.id].is_leaving
        assert projects.create(tx, cast.organization_id, known.slug, "Again", NOW) != known.id
