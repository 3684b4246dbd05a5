from datetime import timedelta
from typing import Any

import pytest
from tests.edges.web.conftest import Site, text_of

from tocsin.domain.outcome import Category, Outcome, Source, Verdict
from tocsin.storage.state import outcomes

STATS = "/organizations/acme/stats/"


@pytest.fixture
def told(site: Site) -> Site:
    count(site, Verdict.ACCEPTED, 1200)
    count(site, Verdict.ACCEPTED, 30, category=Category.DEFAULT, days=2)
    count(site, Verdict.FILTERED, 40, reason="web-crawlers")
    count(site, Verdict.ABUSE, 7, reason="spike")
    count(site, Verdict.ACCEPTED, 5, category=Category.SESSION)
    return site


def count(site: Site, verdict: Verdict, quantity: int, *, reason: str = "", days: int = 0, **other: Any) -> None:
    project, category = other.get("project", site.project), other.get("category", Category.ERROR)
    source = Source(project_id=project.id, public_key="k", received=site.now - timedelta(days=days))
    outcome = Outcome(category=category, verdict=verdict, reason=reason, quantity=quantity)
    with site.state.write() as connection:
        outcomes.add(connection, {source.key(outcome): quantity})


def test_errors_of_two_weeks_are_told_by_outcome_reason_and_project(told: Site):
    text = text_of(told.visit(STATS))
    assert "1,277 errors came in" in text
    assert "Accepted 1,230 Filtered 40 Rate limited 7 Invalid 0 Discarded by clients 0" in text
    assert "Filtered web-crawlers 40 Rate limited spike 7" in text
    assert "p 1,230 40 7 0 0" in text


def test_every_bar_stands_in_the_table_behind_the_chart(told: Site):
    page = told.visit(STATS)
    assert "2026-11-18 1,200 40 7 0 0 2026-11-16 30 0 0 0 0" in text_of(page)
    assert page.text.count('<rect class="piece-') == 4
    assert '<rect class="piece-accepted" x="131" y="4.52" width="8" height="115.48"/>' in page.text


def test_a_day_is_told_by_the_hour(told: Site):
    text = text_of(told.visit(f"{STATS}?statsPeriod=24h"))
    assert "Per hour" in text
    assert "2026-11-18 12:00 1,200 40 7 0 0" in text
    assert "1,247 errors came in" in text


def test_other_kinds_are_counted_by_choice(told: Site):
    page = told.visit(f"{STATS}?category=session")
    assert "5 sessions came in" in text_of(page)
    assert "Everything was accepted." in text_of(page)
    assert '<option value="session" selected>' in page.text


def test_one_project_is_told_apart(told: Site):
    other = told.make_project("q")
    count(told, Verdict.ACCEPTED, 3, project=other)
    assert "1,280 errors came in" in text_of(told.visit(STATS))
    assert "3 errors came in" in text_of(told.visit(f"{STATS}?project=q"))


def test_the_page_says_that_nothing_came_in(site: Site):
    text = text_of(site.visit(f"{STATS}?project=p"))
    assert "No errors of p were counted in this period. Look at the last 90 days" in text
    assert "Counts are kept for 90 days." in text_of(site.visit(f"{STATS}?statsPeriod=90d"))


@pytest.mark.parametrize("query", ["statsPeriod=3d", "statsPeriod=x", "category=cats", "project=nobodys"])
def test_a_question_without_a_meaning_is_told_what_to_choose(told: Site, query: str):
    answer = told.visit(f"{STATS}?{query}")
    assert answer.status_code == 400
    assert "rom the list." in text_of(answer)


def test_the_rail_leads_there(site: Site):
    assert f'href="{STATS}"' in site.visit("/organizations/acme/issues/").text
