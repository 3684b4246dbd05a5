import re
from html import unescape

import pytest
from tests.edges.web.conftest import Site, text_of

from tocsin.domain.access import Role
from tocsin.domain.issue.issue import Priority, Status, Substatus
from tocsin.storage.state import organizations

STREAM = "/organizations/acme/issues/"


@pytest.mark.parametrize(
    ("action", "status", "substatus", "told"),
    [
        ("resolve", Status.RESOLVED, None, "Resolved 2 issues."),
        ("archive", Status.IGNORED, Substatus.ARCHIVED_UNTIL_ESCALATING, "Archived 2 issues until more events"),
        ("archive-forever", Status.IGNORED, Substatus.ARCHIVED_FOREVER, "Archived 2 issues for ever."),
    ],
)
def test_a_button_changes_the_selected_issues_and_says_so_once(site: Site, action, status, substatus, told):
    first, second, other = (site.new_issue() for _ in range(3))
    page = site.press({"action": action, "issue": [str(first), str(second)]})
    assert page.url.path == STREAM
    assert told in text_of(page)
    assert {(site.issue(one).status, site.issue(one).substatus) for one in (first, second)} == {(status, substatus)}
    assert site.issue(other).status is Status.UNRESOLVED
    assert told not in text_of(site.visit(STREAM))


def test_issues_are_merged_and_that_is_undone(site: Site):
    first, second = site.new_issue(), site.new_issue()
    page = site.press({"action": "merge", "issue": [str(first), str(second)]})
    assert "Merged 2 issues." in text_of(page)
    assert site.issue(first).status is Status.PENDING_MERGE
    assert site.issue(second).times_seen == 2
    mutation = re.search(r'name="mutation" value="(\d+)"', page.text).group(1)
    page = site.submit("/organizations/acme/issues/undo", {"mutation": mutation, "next": STREAM})
    assert "Undone. 2 issues as before." in text_of(page)
    assert {site.issue(one).status for one in (first, second)} == {Status.UNRESOLVED}


def test_what_was_closed_can_be_opened_again(site: Site):
    issue_id = site.change(site.new_issue(), status=Status.RESOLVED, substatus=None).id
    page = site.press({"action": "unresolve", "issue": str(issue_id)})
    assert "Made 1 issue unresolved." in text_of(page)
    assert site.issue(issue_id).status is Status.UNRESOLVED


def test_what_a_button_did_is_undone_from_the_notice_that_tells_it(site: Site):
    kept, touched = site.new_issue(), site.new_issue()
    page = site.press({"action": "resolve", "issue": [str(kept), str(touched)]}, query="?query=is:unresolved")
    mutation = re.search(r'name="mutation" value="(\d+)"', page.text).group(1)
    back = unescape(re.search(r'name="next" value="([^"]+)"', page.text).group(1))
    site.later(minutes=1)
    site.press({"action": "archive", "issue": str(touched)})
    page = site.submit("/organizations/acme/issues/undo", {"mutation": mutation, "next": back})
    assert dict(page.url.params) == {"query": "is:unresolved"}
    assert "Undone. 1 issue as before. 1 issue changed since, left alone." in text_of(page)
    assert (site.issue(kept).status, site.issue(touched).status) == (Status.UNRESOLVED, Status.IGNORED)
    again = site.submit("/organizations/acme/issues/undo", {"mutation": mutation, "next": back})
    assert "was undone already" in text_of(again)


@pytest.mark.parametrize("mutation", ["", "x", "99", "9" * 40, "٣"])
def test_nothing_is_undone_that_never_happened(site: Site, mutation):
    page = site.submit("/organizations/acme/issues/undo", {"mutation": mutation, "next": "//evil.test/"})
    assert page.url.path == STREAM
    assert "notice-refusal" in page.text


def test_an_issue_is_assigned_to_a_person_a_team_and_nobody(site: Site):
    issue_id = site.new_issue()
    site.press({"action": "assign", "assignee": f"user:{site.jane.id}", "issue": str(issue_id)})
    assert site.issue(issue_id).assignee.user_id == site.jane.id
    site.press({"action": "assign", "assignee": f"team:{site.team}", "issue": str(issue_id)})
    assert site.issue(issue_id).assignee.team_id == site.team
    page = site.press({"action": "assign", "assignee": "", "issue": str(issue_id)})
    assert site.issue(issue_id).assignee is None
    assert "Unassigned 1 issue." in text_of(page)


def test_all_that_match_are_changed_not_only_those_on_the_page(site: Site):
    matching = [site.new_issue(level="fatal") for _ in range(3)]
    other = site.new_issue(level="info")
    site.later(seconds=1)
    page = site.press({"action": "resolve", "all": "1"}, query="?query=is:unresolved+level:fatal")
    assert "Resolved 3 issues." in text_of(page)
    assert {site.issue(one).status for one in matching} == {Status.RESOLVED}
    assert site.issue(other).status is Status.UNRESOLVED


def test_the_way_back_keeps_the_search(site: Site):
    issue_id = site.new_issue()
    page = site.press({"action": "resolve", "issue": str(issue_id)}, query="?query=level:error&sort=freq")
    assert dict(page.url.params) == {"query": "level:error", "sort": "freq"}


def test_from_the_page_of_an_issue_the_way_back_leads_there_and_its_story_tells(site: Site):
    issue_id = site.new_issue()
    here = f"{STREAM}{issue_id}/"
    page = site.press({"action": "resolve", "issue": str(issue_id), "next": here})
    assert page.url.path == here
    assert "Jane Doe resolved it just now" in text_of(page)
    page = site.press({"action": "prioritise", "priority": "low", "issue": str(issue_id), "next": here})
    assert site.issue(issue_id).priority is Priority.LOW
    assert "Jane Doe set the priority to low" in text_of(page)


def test_the_way_back_never_leads_to_another_site(site: Site):
    page = site.press({"action": "resolve", "issue": str(site.new_issue()), "next": "//evil.test/"})
    assert page.url.path == STREAM


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"action": "resolve"}, "Nothing is selected."),
        ({"action": "resolve", "issue": "999999"}, "Those issues are gone."),
        ({"action": "resolve", "issue": "x"}, "An issue is named by its number."),
        ({"action": "explode", "issue": "1"}, "There is no action 'explode'."),
        ({"action": "resolve", "all": "1"}, "Error parsing search query"),
    ],
)
def test_what_cannot_be_done_is_told_where_it_was_tried(site: Site, fields: dict[str, str], told: str):
    site.new_issue()
    page = site.press(fields, query="?query=is:nothing" if "all" in fields else "")
    assert told in text_of(page)
    assert {issue.status for issue in site.issues().values()} == {Status.UNRESOLVED}


def test_nobody_can_be_assigned_who_is_no_member(site: Site):
    issue_id = site.new_issue()
    site.organization("other")
    with site.state.read() as connection:
        other = organizations.by_slug(connection, "other")
    kim = site.make_user("kim@other.io", org=other.id)
    page = site.press({"action": "assign", "assignee": f"user:{kim.id}", "issue": str(issue_id)})
    assert "notice-refusal" in page.text
    assert site.issue(issue_id).assignee is None


def test_a_form_of_another_session_changes_nothing(site: Site):
    issue_id = site.new_issue()
    answer = site.press({"action": "resolve", "issue": str(issue_id)}, token="0" * 32)
    assert answer.status_code == 403
    assert "This form is out of date." in text_of(answer)
    assert site.issue(issue_id).status is Status.UNRESOLVED


def test_a_form_of_another_site_changes_nothing(site: Site):
    issue_id = site.new_issue()
    answer = site.press({"action": "resolve", "issue": str(issue_id)}, origin="https://evil.test")
    assert answer.status_code == 403
    assert site.issue(issue_id).status is Status.UNRESOLVED


def test_an_issue_of_a_hidden_project_cannot_be_changed(site: Site):
    site.organization("acme", openMembership=False)
    hidden = site.new_issue(site.make_project("secret"))
    with site.state.write() as connection:
        organizations.set_member(connection, site.org, site.jane.id, Role.MEMBER, site.now)
    page = site.press({"action": "resolve", "issue": str(hidden)})
    assert "Those issues are gone." in text_of(page)
    assert site.issue(hidden).status is Status.UNRESOLVED
