"""Comments, subscriptions, bookmarks and sharing on the page of an issue, all of it with plain forms."""

import re

import pytest
from tests.edges.web.conftest import Site, text_of

from tocsin.domain.access import Role
from tocsin.domain.issue.comments import TEXT_CHARS_MAX
from tocsin.domain.issue.issue import Status
from tocsin.storage.state import marks, organizations

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&</textarea>{{ 7 * 7 }}"


def page_of(issue_id) -> str:
    return f"/organizations/acme/issues/{issue_id}/"


def comment(site: Site, issue_id, text: str = "hello", **fields):
    return site.submit(f"{page_of(issue_id)}comments", {"text": text, "next": page_of(issue_id)} | fields)


def change(site: Site, issue_id, note_id, **fields):
    return site.submit(f"{page_of(issue_id)}comments/{note_id}", {"next": page_of(issue_id)} | fields)


def notes(site: Site, issue_id) -> list[dict]:
    return site.get(f"/issues/{issue_id}/comments/").json()


def test_a_comment_is_added_edited_and_deleted_on_the_page(site: Site):
    issue_id = site.new_issue()
    page = comment(site, issue_id, "first\r\nline")
    assert page.url.path == page_of(issue_id)
    assert "Comment added." in text_of(page)
    assert "Jane Doe wrote just now" in text_of(page)
    [note] = notes(site, issue_id)
    assert note["data"] == {"text": "first\nline"}
    assert f'action="{page_of(issue_id)}comments/{note["id"]}"' in page.text
    page = change(site, issue_id, note["id"], action="edit", text="second")
    assert "Comment changed." in text_of(page)
    assert [one["data"] for one in notes(site, issue_id)] == [{"text": "second"}]
    page = change(site, issue_id, note["id"], action="delete", text="")
    assert "Comment deleted." in text_of(page)
    assert "wrote" not in text_of(page)
    assert notes(site, issue_id) == []


def test_what_people_write_never_becomes_markup(site: Site):
    issue_id = site.new_issue()
    page = comment(site, issue_id, HOSTILE)
    assert text_of(page).count(HOSTILE) == 2, "read, and in the box that edits it"
    assert page.text.count("<script") == 2, "our own two files and no other"
    assert "<img src=x" not in page.text
    assert page.text.count("</textarea>") == page.text.count("<textarea")


@pytest.mark.parametrize("text", ["", " \r\n ", "x" * (TEXT_CHARS_MAX + 1)], ids=["empty", "blank", "long"])
def test_a_comment_needs_some_text_and_not_too_much(site: Site, text: str):
    issue_id = site.new_issue()
    page = comment(site, issue_id, text)
    assert "A comment needs some text, at most 65,536 characters." in text_of(page)
    assert notes(site, issue_id) == []


def test_a_comment_sent_twice_is_taken_once(site: Site):
    issue_id = site.new_issue()
    comment(site, issue_id)
    page = comment(site, issue_id)
    assert "You have already posted that comment." in text_of(page)
    assert len(notes(site, issue_id)) == 1


def test_comments_of_others_are_read_but_not_changed(site: Site):
    issue_id = site.new_issue()
    joe = site.make_token(site.make_user("joe@acme.io", name="Joe"))
    note = site.post(f"/issues/{issue_id}/comments/", {"text": "mine"}, token=joe).json()
    page = site.visit(page_of(issue_id))
    assert "Joe wrote just now mine" in text_of(page)
    assert "Edit or delete" not in text_of(page)
    for action in ("edit", "delete"):
        page = change(site, issue_id, note["id"], action=action, text="changed")
        assert "This comment is gone, or somebody else's." in text_of(page)
    assert [one["data"]["text"] for one in notes(site, issue_id)] == ["mine"]


@pytest.mark.parametrize(
    ("note_id", "action", "told"),
    [
        ("x", "edit", "This comment is gone"),
        ("9" * 40, "delete", "This comment is gone"),
        ("1", "burn", "There is no action 'burn'."),
    ],
)
def test_what_cannot_be_done_is_told_where_it_was_tried(site: Site, note_id: str, action: str, told: str):
    issue_id = site.new_issue()
    page = change(site, issue_id, note_id, action=action, text="x")
    assert page.url.path == page_of(issue_id)
    assert told in text_of(page)


def test_a_comment_of_somebody_deleted_stays(site: Site):
    issue_id = site.new_issue()
    joe = site.make_user("joe@acme.io", name="Joe")
    site.post(f"/issues/{issue_id}/comments/", {"text": "from joe"}, token=site.make_token(joe))
    with site.state.write() as connection:
        connection.exec_driver_sql(f'DELETE FROM "user" WHERE id = {joe.id}')
    assert "Somebody who left wrote just now from joe" in text_of(site.visit(page_of(issue_id)))


def test_the_way_back_never_leads_to_another_site(site: Site):
    issue_id = site.new_issue()
    assert comment(site, issue_id, next="//evil.test/").url.path == page_of(issue_id)


@pytest.mark.parametrize("forged", [{"token": "0" * 32}, {"origin": "https://evil.test"}], ids=["session", "site"])
def test_a_forged_form_adds_nothing(site: Site, forged: dict[str, str]):
    issue_id = site.new_issue()
    answer = site.submit(f"{page_of(issue_id)}comments", {"text": "hello"}, **forged)
    assert answer.status_code == 403
    assert notes(site, issue_id) == []


def test_nobody_comments_on_what_they_may_not_see(site: Site):
    site.organization("acme", openMembership=False)
    hidden = site.new_issue(site.make_project("secret"))
    with site.state.write() as connection:
        organizations.set_member(connection, site.org, site.jane.id, Role.MEMBER, site.now)
    assert comment(site, hidden).status_code == 403
    assert comment(site, 999_999).status_code == 404
    assert site.issue(hidden).comment_count == 0


def test_an_issue_deleted_meanwhile_takes_no_comment(site: Site):
    issue_id = site.change(site.new_issue(), status=Status.PENDING_DELETION).id
    assert comment(site, issue_id).status_code == 404


# Subscriptions, bookmarks, sharing


def press(site: Site, issue_id, action: str):
    return site.press({"action": action, "issue": str(issue_id), "next": page_of(issue_id)})


def kept(site: Site, issue_id):
    with site.state.read() as connection:
        return marks.of_user(connection, site.jane.id, [issue_id])[issue_id]


def test_people_subscribe_and_unsubscribe(site: Site):
    issue_id = site.new_issue()
    page = press(site, issue_id, "subscribe")
    assert "Subscribed to 1 issue." in text_of(page)
    assert "You hear of this issue because you subscribed." in text_of(page)
    assert kept(site, issue_id).is_subscribed is True
    page = press(site, issue_id, "unsubscribe")
    assert "Unsubscribed from 1 issue." in text_of(page)
    assert "You hear of this issue" not in text_of(page)
    assert kept(site, issue_id).is_subscribed is False


def test_the_page_says_why_somebody_hears_of_it(site: Site):
    issue_id = site.new_issue()
    assert "because you commented on it" in text_of(comment(site, issue_id))


def test_people_bookmark_and_take_the_bookmark_away(site: Site):
    issue_id = site.new_issue()
    page = press(site, issue_id, "bookmark")
    assert "Bookmarked 1 issue." in text_of(page)
    assert "Remove the bookmark" in text_of(page)
    assert kept(site, issue_id).is_bookmarked is True
    assert "Took the bookmark from 1 issue." in text_of(press(site, issue_id, "unbookmark"))
    assert kept(site, issue_id).is_bookmarked is False


def test_an_issue_is_shared_with_its_link_and_taken_back(site: Site):
    issue_id = site.new_issue()
    page = press(site, issue_id, "share")
    assert "Shared 1 issue with everybody who has the link." in text_of(page)
    (link,) = re.findall(r'<a class="share" href="([^"]+)"', page.text)
    assert link == f"http://tocsin.test/share/issue/{site.issue(issue_id).share_id}/"
    assert site.visit(link).status_code == 200
    page = press(site, issue_id, "unshare")
    assert "Stopped sharing 1 issue." in text_of(page)
    assert 'class="share"' not in page.text
    assert site.visit(link).status_code == 404


def test_where_the_organization_shares_nothing_the_page_offers_no_sharing(site: Site):
    issue_id = site.new_issue()
    press(site, issue_id, "share")
    site.organization("acme", allowSharedIssues=False)
    page = site.visit(page_of(issue_id))
    assert "the organization shares no issues at present" in text_of(page)
    assert 'class="share"' not in page.text
    assert 'value="share"' not in press(site, issue_id, "unshare").text
