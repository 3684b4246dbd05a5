"""The page of a shared issue, which anybody with the link may read (spec/mutation.md 8.1)."""

import pytest
from tests.edges.web.conftest import Site, text_of

SECRET = "hunter2"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


def event(text: str = "13 bar", secret: str = SECRET):
    frame = {
        "filename": "pump/valves.py",
        "abs_path": f"/home/{secret}/pump/valves.py",
        "function": "open_valve",
        "lineno": 42,
        "in_app": True,
        "context_line": "raise TooHigh(bar)",
        "vars": {"bar": secret},
    }
    raised = {"type": text if text == HOSTILE else "TooHigh", "value": text, "stacktrace": {"frames": [frame]}}
    return {
        "exception": {"values": [raised]},
        "user": {"id": secret, "ip_address": "198.51.100.7"},
        "request": {"url": f"https://shop.test/{secret}", "headers": {"Cookie": secret}},
        "breadcrumbs": {"values": [{"message": secret}]},
        "contexts": {"device": {"name": secret}},
        "extra": {"a": secret},
        "tags": {"a": secret},
        "environment": secret,
        "server_name": secret,
    }


def shared(site: Site, **fields) -> str:
    """Share a new issue and return the path of its page."""
    issue_id = site.new_issue(**fields)
    share_id = site.put(f"/issues/{issue_id}/", {"isPublic": True}).json()["shareId"]
    return f"/share/issue/{share_id}/"


def test_anybody_reads_what_went_wrong_and_nothing_about_people(stranger: Site):
    page = stranger.visit(shared(stranger, **event()))
    assert page.status_code == 200
    text = text_of(page)
    for told in ("TooHigh", "13 bar", "P-1", "pump/valves.py:42 in open_valve", "raise TooHigh(bar)", "1 event"):
        assert told in text
    assert SECRET not in page.text
    assert "198.51.100.7" not in page.text


def test_there_is_nothing_to_do_and_nothing_for_search_engines(stranger: Site):
    page = stranger.visit(shared(stranger, **event()))
    assert "<form" not in page.text
    assert "<button" not in page.text
    assert "/organizations/" not in page.text
    assert '<meta name="robots" content="noindex">' in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_members_are_led_to_the_whole_issue(site: Site):
    page = site.visit(shared(site))
    (issue_id,) = site.issues()
    assert f'<a href="/organizations/acme/issues/{issue_id}/">See the whole issue</a>' in page.text


def test_nothing_that_an_event_says_becomes_markup(stranger: Site):
    page = stranger.visit(shared(stranger, **event(HOSTILE), transaction=HOSTILE))
    assert HOSTILE in text_of(page)
    assert page.text.count("<script") == 2, "our own two files and no other"
    assert "<img src=x" not in page.text


def test_an_issue_without_events_says_so(stranger: Site):
    path = shared(stranger)
    stranger.history.command("TRUNCATE TABLE event")
    page = stranger.visit(path)
    assert page.status_code == 200
    assert "No event of this issue is kept" in text_of(page)


@pytest.mark.parametrize("share_id", ["0" * 32, "0" * 31, "nonsense"])
def test_what_is_not_shared_is_not_found(stranger: Site, share_id: str):
    shared(stranger)
    page = stranger.visit(f"/share/issue/{share_id}/")
    assert page.status_code == 404
    assert "There is nothing here" in text_of(page)


def test_an_organization_that_shares_nothing_shows_nothing(stranger: Site):
    path = shared(stranger)
    stranger.organization("acme", allowSharedIssues=False)
    assert stranger.visit(path).status_code == 404
