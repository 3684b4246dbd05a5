import re
from html import unescape

import pytest
from tests.edges.web.conftest import Site, text_of

from tocsin.domain.access import Role
from tocsin.domain.issue.issue import Assignee, Status
from tocsin.edges.web.question import ROWS_MAX
from tocsin.storage.state import organizations, project_keys

STREAM = "/organizations/acme/issues/"


def raising(kind: str, value: str) -> dict:
    return {"exception": {"values": [{"type": kind, "value": value}]}}


def test_an_issue_is_told_in_two_lines(site: Site):
    issue_id = site.new_issue(release="1.0.0", user={"id": "7"}, **raising("ValueError", "bad pressure"))
    site.change(issue_id, assignee=Assignee(user_id=site.jane.id))
    site.later(minutes=3)
    page = site.visit(STREAM)
    text = text_of(page)
    assert "ValueError bad pressure P-1 new" in text
    assert "3 min ago · 3 min old" in text
    assert "1.0.0" in text
    assert "1 event, at most 1 at a time" in page.text
    assert "1 user" in text
    assert "Assigned to Jane Doe" in text
    assert f'href="/organizations/acme/issues/{issue_id}/"' in page.text


def test_only_unresolved_issues_are_shown_until_the_search_says_otherwise(site: Site):
    site.new_issue(**raising("OpenError", "x"))
    site.change(site.new_issue(**raising("ClosedError", "x")), status=Status.RESOLVED, substatus=None)
    text = text_of(site.visit(STREAM))
    assert "OpenError" in text
    assert "ClosedError" not in text
    everything = text_of(site.visit(STREAM, params={"query": ""}))
    assert "OpenError" in everything
    assert "ClosedError" in everything


def test_what_the_url_asks_stands_in_the_pickers(site: Site):
    site.new_issue(environment="prod")
    site.later(seconds=1)
    page = site.visit(
        STREAM,
        params={
            "query": "level:error",
            "project": str(site.project.id),
            "environment": "prod",
            "statsPeriod": "24h",
            "sort": "freq",
        },
    )
    assert 'name="query" value="level:error"' in page.text
    for chosen in (f'value="{site.project.id}" selected', "<option selected>prod", 'value="24h" selected'):
        assert chosen in page.text
    assert 'value="freq" selected' in page.text
    assert "1 issue" in text_of(page)


def test_a_search_without_a_meaning_is_answered_with_the_parsers_words(site: Site):
    page = site.visit(STREAM, params={"query": "is:nothing"})
    assert page.status_code == 400
    assert 'Invalid value for "is" search' in text_of(page)
    assert 'value="is:nothing"' in page.text


@pytest.mark.parametrize("name", ["sort", "statsPeriod", "cursor", "project"])
def test_a_parameter_without_a_meaning_is_told(site: Site, name: str):
    site.new_issue()
    page = site.visit(STREAM, params={name: "nonsense"})
    assert page.status_code == 400
    assert 'role="alert"' in page.text


def test_an_empty_result_offers_to_drop_the_term_that_excludes_most(site: Site):
    site.new_issue(level="warning")
    site.new_issue(level="warning")
    page = site.visit(STREAM, params={"query": "is:unresolved level:fatal"})
    assert "No issue matches" in text_of(page)
    assert "Drop level:fatal – 2 issues" in text_of(page)
    assert "query=is%3Aunresolved" in page.text


def test_a_project_without_events_shows_how_to_send_the_first(site: Site):
    key = "0" * 32
    with site.state.write() as connection:
        project_keys.ensure(connection, site.project.id, key, key, site.now)
    page = site.visit(STREAM)
    assert "No event has arrived yet. Waiting…" in text_of(page)
    assert f"http://{key}@tocsin.test/{site.project.id}" in text_of(page)
    assert "pip install sentry-sdk" in text_of(page)


def test_a_short_id_leads_to_its_issue(site: Site):
    issue_id = site.new_issue()
    page = site.visit(STREAM, params={"query": "P-1"})
    assert page.url.path == f"{STREAM}{issue_id}/"


def test_an_event_id_leads_to_its_event(site: Site):
    issue_id = site.new_issue(event_id="ab" * 16)
    page = site.visit(STREAM, params={"query": "ab" * 16})
    assert page.url.path == f"{STREAM}{issue_id}/events/{'ab' * 16}/"


def test_pages_lead_on_and_back_and_keep_what_was_asked(site: Site):
    for number in range(ROWS_MAX + 1):
        site.send(fingerprint=[str(number)])
        site.later(seconds=1)
    first = site.visit(STREAM, params={"query": "is:unresolved level:error"})
    assert first.text.count('class="row"') == ROWS_MAX
    (following,) = hrefs(first.text, "next")
    second = site.visit(following)
    assert second.text.count('class="row"') == 1
    assert 'value="is:unresolved level:error"' in second.text
    (back,) = hrefs(second.text, "prev")
    assert site.visit(back).text.count('class="row"') == ROWS_MAX


def hrefs(page: str, rel: str) -> list[str]:
    return [unescape(found) for found in re.findall(rf'rel="{rel}" href="([^"]+)"', page)]


def test_a_project_the_caller_may_not_see_is_never_shown(site: Site):
    site.organization("acme", openMembership=False)
    hidden = site.make_project("secret")
    site.new_issue(hidden, **raising("SecretError", "x"))
    site.make_user("kim@acme.io", teams=[site.team])
    with site.state.write() as connection:
        organizations.set_member(connection, site.org, site.jane.id, Role.MEMBER, site.now)
    page = site.visit(STREAM, params={"query": ""})
    assert "SecretError" not in page.text
    assert "secret" not in page.text


def test_a_foreign_organization_is_refused_with_a_page(site: Site):
    site.organization("other")
    page = site.visit("/organizations/other/issues/")
    assert page.status_code == 403
    assert "You may not do that" in text_of(page)


def test_an_unknown_organization_is_not_found(site: Site):
    assert site.visit("/organizations/nobody/issues/").status_code == 404
