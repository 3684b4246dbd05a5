"""The list of releases and the page of one (spec/ingest.md 8.1)."""

from datetime import timedelta

import pytest
from tests.edges.web.conftest import Site, text_of

from tocsin.domain.access import Role
from tocsin.domain.session.session import Severity
from tocsin.edges.web.releases import ROWS_MAX
from tocsin.edges.web.words import percent

LIST = "/organizations/acme/releases/"
PAGE = f"{LIST}web%401.0/"


@pytest.fixture
def told(site: Site) -> Site:
    site.later(days=-2)
    site.tell(*(site.session(at, user=at) for at in range(1, 10)))
    site.later(days=2)
    site.tell(site.session(10, user=1, severity=Severity.CRASHED))
    site.new_issue(release="web@1.0")
    return site


def test_a_release_is_told_in_one_row(told: Site):
    told.later(minutes=5)
    text = text_of(told.visit(LIST))
    assert "1.0 p 2 d ago adopted 100 % 90 % 88.88 % 10 1" in text


def test_the_page_of_a_release_tells_its_health_over_time(told: Site):
    page = told.visit(PAGE)
    text = text_of(page)
    assert "web@1.0" in text
    assert "Crash-free sessions 90 %" in text
    assert "2026-11-18 1 0 1 0 %" in text
    assert "2026-11-16 9 0 0 100 %" in text
    assert 'aria-label="10 sessions, 1 of them crashed"' in page.text
    assert page.text.count('class="bar-crashed"') == 1
    short = text_of(told.visit(PAGE, params={"statsPeriod": "24h"}))
    assert "2026-11-18 12:00 1 0 1 0 %" in short


def test_pickers_narrow_what_counts(told: Site):
    told.tell(told.session(20, environment="staging"))
    page = told.visit(LIST, params={"environment": "staging", "statsPeriod": "24h", "project": "p"})
    assert "100 % 100 % – 1 1" in text_of(page)
    for chosen in ("<option selected>staging", 'value="24h" selected', f'value="{told.project.id}" selected'):
        assert chosen in page.text


def test_a_release_leads_to_the_issues_that_it_brought(told: Site):
    page = told.visit(PAGE)
    assert "firstRelease%3A%22web%401.0%22" in page.text
    found = told.visit("/organizations/acme/issues/", params={"query": 'firstRelease:"web@1.0"'})
    assert "P-1" in text_of(found)


def test_commits_and_the_last_deploy_are_shown(told: Site):
    commit = {"id": "c" * 40, "repository": "acme/shop", "message": "Seal <it>\n\nfor good", "author_name": "Jane"}
    body = {"version": "web@1.0", "projects": ["p"], "commits": [commit]}
    token = {"token": told.token}
    assert told.post("/organizations/acme/releases/", body, **token).status_code == 208
    assert (
        told.post("/organizations/acme/releases/web@1.0/deploys/", {"environment": "live"}, **token).status_code == 201
    )
    page = told.visit(PAGE)
    assert "Seal &lt;it&gt;" in page.text
    assert "for good" not in page.text
    assert "deployed to live just now" in text_of(page)
    assert "1 commit" in text_of(page)
    assert "deployed to live just now" in text_of(told.visit(LIST))


def test_releases_are_searched_and_come_page_by_page(site: Site):
    site.tell(*(site.session(at, release=f"web@2.{at}.0") for at in range(1, ROWS_MAX + 3)))
    first = site.visit(LIST)
    assert first.text.count('<th scope="row">') == ROWS_MAX
    assert 'rel="next"' in first.text
    rest = site.visit(LIST, params={"cursor": "0:1:0"})
    assert rest.text.count('<th scope="row">') == 2
    assert 'rel="prev"' in rest.text
    assert site.visit(LIST, params={"query": "2.11.0"}).text.count('<th scope="row">') == 1


def test_an_empty_list_says_how_a_release_comes_to_be(site: Site):
    assert "A release appears with its first event or session" in text_of(site.visit(LIST))


def test_a_release_without_sessions_has_no_chart(site: Site):
    site.new_issue(release="web@1.0")
    page = site.visit(PAGE)
    assert "No session of this release in this time." in text_of(page)
    assert '<svg class="chart' not in page.text


@pytest.mark.parametrize("path", [f"{LIST}nope/", f"{LIST}web%401.0/?project=q"])
def test_a_release_that_nobody_knows_is_not_found(told: Site, path: str):
    told.make_project("q")
    assert told.visit(path).status_code == 404


@pytest.mark.parametrize("query", ["statsPeriod=lol", "cursor=x", "project=nope"])
def test_what_has_no_meaning_is_refused(told: Site, query: str):
    assert told.visit(f"{LIST}?{query}").status_code == 400


def test_a_row_for_each_project_of_a_release(told: Site):
    told.tell(told.session(77, started=told.now - timedelta(hours=1)), project=told.make_project("q"))
    page = told.visit(LIST)
    assert page.text.count('<th scope="row">') == 2
    assert told.visit(f"{LIST}?project=q").text.count('<th scope="row">') == 1


def test_other_peoples_releases_are_not_shown(told: Site):
    told.make_user("olga@other.io", role=Role.OWNER, org=told.organization("other"))
    assert "web@1.0" not in told.visit("/organizations/other/releases/").text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0.0, "0 %"), (1.0, "100 %"), (0.99999, "99.99 %"), (0.29, "29 %"), (1 / 3, "33.33 %")],
)
def test_a_share_is_rounded_down(share, text):
    assert percent(share) == text
