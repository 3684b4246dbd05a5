"""Pages of lists over HTTP: the rows of spec/search.md 7.5, and what section 4 says of each family."""

from datetime import timedelta

import pytest

LIST = "/organizations/acme/issues/?query=&limit=2"
PREFIX = "http://tocsin.test/api/0"


@pytest.fixture
def five(api):
    """Five issues, named A to E, the latest first."""
    noon, api.names = api.now, {}
    for name, minutes in zip("EDCBA", (50, 40, 30, 20, 10), strict=True):
        api.now = noon - timedelta(minutes=minutes)
        api.names[str(api.new_issue())] = name
    api.now = noon
    return api


def names(api, answer):
    assert answer.status_code == 200, answer.text
    return "".join(api.names[issue["id"]] for issue in answer.json())


def follow(api, answer, rel):
    return api.get(answer.links[rel]["url"].removeprefix(PREFIX))


def results(answer):
    return answer.links["previous"]["results"], answer.links["next"]["results"]


def cursors(answer):
    return answer.links["previous"]["cursor"], answer.links["next"]["cursor"]


def test_issues_are_followed_to_the_end_and_beyond_and_back(five):
    """search-P01, search-P02, search-P04, search-P05"""
    first = five.get(LIST)
    assert (names(five, first), results(first)) == ("AB", ("false", "true"))
    second = follow(five, first, "next")
    assert (names(five, second), results(second)) == ("CD", ("true", "true"))
    third = follow(five, second, "next")
    assert (names(five, third), results(third)) == ("E", ("true", "false"))
    beyond = follow(five, third, "next")
    assert (beyond.json(), results(beyond)) == ([], ("true", "false"))
    assert names(five, follow(five, third, "previous")) == "CD"


def test_a_link_says_where_it_leads(five):
    """search-P07, search-P08, search-D4"""
    answer = five.get(f"{LIST}&cursor=")
    again = five.get(f"{LIST}&cursor={answer.links['next']['cursor']}")
    for header in (answer.headers["link"], again.headers["link"]):
        entries = header.split(", <")
        assert [entry.split("; ")[1] for entry in entries] == ['rel="previous"', 'rel="next"']
        for entry in entries:
            url, _, results_, cursor = entry.lstrip("<").split("; ")
            assert results_ in {'results="true"', 'results="false"'}
            wanted = cursor.removeprefix('cursor="').removesuffix('"')
            assert url == f"{PREFIX}{LIST}&cursor={wanted}>"


def test_a_new_issue_neither_shifts_nor_repeats_a_page(five):
    """search-P10, search-P11"""
    first = five.get(LIST)
    five.names[str(five.new_issue())] = "F"
    assert names(five, follow(five, first, "next")) == "CD"
    newer = follow(five, first, "previous")
    assert (names(five, newer), results(newer)) == ("F", ("true", "true"))
    assert names(five, follow(five, newer, "previous")) == ""


def test_releases_are_paged_by_number(api):
    """search-P13"""
    for version in ("a@1", "a@2", "a@3"):
        api.send(release=version)
    answer = api.get("/organizations/acme/releases/?per_page=1")
    assert (cursors(answer), results(answer)) == (("1:-1:1", "1:1:0"), ("false", "true"))
    second = follow(api, answer, "next")
    assert (cursors(second), results(second)) == (("1:0:1", "1:2:0"), ("true", "true"))
    refused = api.get("/organizations/acme/releases/?per_page=1&cursor=1:-1:1")
    assert (refused.status_code, refused.json()) == (400, {"detail": "Pagination offset cannot be negative"})


def test_releases_are_searched_by_part(api):
    for version in ("app@1.0.0", "app@1.2.0", "lib@2.0.0", "odd"):
        api.send(release=version)
        api.later(minutes=1)

    def found(query):
        answer = api.get("/organizations/acme/releases/", params=query)
        assert answer.status_code == 200, answer.text
        return [release["version"] for release in answer.json()]

    assert found({"query": "release.version:>1.0.0"}) == ["lib@2.0.0", "app@1.2.0"]
    assert found({"query": "release.package:app 1.2"}) == ["app@1.2.0"]
    assert found({"query": "release.version:>0 ", "per_page": 1, "cursor": "1:1:0"}) == ["app@1.2.0"]
    assert found({"query": "ODD"}) == ["odd"]
    assert api.get("/organizations/acme/releases/?query=release.version:odd").status_code == 400


def test_events_are_paged_by_row(api):
    """search-P14"""
    issue_id = api.new_issue(fingerprint=["one"])
    api.send(fingerprint=["one"])
    api.send(fingerprint=["one"])
    answer = api.get(f"/organizations/acme/issues/{issue_id}/events/?per_page=2")
    assert (cursors(answer), results(answer)) == (("0:0:1", "0:2:0"), ("false", "true"))
    second = follow(api, answer, "next")
    assert (len(second.json()), cursors(second), results(second)) == (1, ("0:0:1", "0:4:0"), ("true", "false"))


def test_a_link_without_other_parameters_still_has_a_cursor(api):
    """search-P16"""
    link = api.get("/organizations/acme/teams/").headers["link"]
    assert f"<{PREFIX}/organizations/acme/teams/?&cursor=100:1:0>" in link


def test_an_empty_list_has_links_too(api):
    """search-P17"""
    answer = api.get("/organizations/acme/issues/?query=nosuchtag:x")
    assert (answer.json(), results(answer), answer.headers["x-hits"]) == ([], ("false", "false"), "0")


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("per_page=abc", "Invalid per_page parameter."),
        ("per_page=0", "Invalid per_page value. Must be between 1 and 100."),
        ("per_page=101", "Invalid per_page value. Must be between 1 and 100."),
        ("cursor=1", "Invalid cursor parameter."),
        ("cursor=1:2:3:4", "Invalid cursor parameter."),
        ("cursor=a:0:0", "Invalid cursor parameter."),
        ("cursor=nan:0:0", "Invalid cursor parameter."),
        ("cursor=1:0:7", "Invalid cursor parameter."),
        ("cursor=100:99999999:0", "Pagination offset too large"),
    ],
)
def test_a_page_that_cannot_be_is_refused(api, query, detail):
    answer = api.get(f"/organizations/acme/teams/?{query}")
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_the_list_of_issues_has_a_default_and_a_greatest_length(api):
    """search-L08, search-D1: 25 unless asked for otherwise, never more than 100"""
    api.send_groups(120)
    organization, project = "/organizations/acme/issues/", "/projects/acme/p/issues/"
    assert len(api.get(organization).json()) == 25
    assert len(api.get(f"{organization}?limit=1000").json()) == 100
    assert len(api.get(project).json()) == 100
    assert len(api.get(f"{project}?limit=3").json()) == 3
    assert api.get(organization).headers["x-hits"] == "120"


def test_an_issue_that_was_last_seen_before_the_window_is_not_listed(api):
    """search-L18"""
    api.later(days=-100)
    api.new_issue()
    api.later(days=100)
    for query in ("?query=", "?query=&statsPeriod=200d", "?query=level:error"):
        assert api.get(f"/organizations/acme/issues/{query}").json() == []


def test_an_unknown_organization_has_no_issues(api):
    """search-L42"""
    answer = api.get("/organizations/nope/issues/")
    assert (answer.status_code, answer.json()) == (404, {"detail": "The requested resource does not exist"})


def test_a_word_deep_in_a_long_message_is_found(api):
    """search-K49"""
    said = ("x" * 7 + " ") * 50
    issue_id = api.new_issue(exception=None, logentry={"formatted": said[:300] + "zebra " + said[306:400]})
    assert [issue["id"] for issue in api.get("/organizations/acme/issues/?query=zebra").json()] == [str(issue_id)]
