"""Headers that every answer of the API has (spec/search.md 3.5)."""

import pytest

EXPOSED = "X-Sentry-Error, X-Sentry-Direct-Hit, X-Hits, X-Max-Hits, Endpoint, Retry-After, Link"


@pytest.mark.parametrize(
    ("path", "status", "allowed"),
    [
        ("/organizations/acme/issues/", 200, "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("/organizations/acme/issues/?sort=meow", 400, "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("/organizations/nope/issues/", 404, "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("/organizations/acme/shortids/P-1/", 404, "GET, HEAD, OPTIONS"),
    ],
)
def test_an_answer_says_which_headers_and_methods_there_are(shared_api, path, status, allowed):
    answer = shared_api.get(path)
    assert answer.status_code == status
    assert answer.headers.get_list("access-control-expose-headers") == [EXPOSED]
    assert answer.headers.get_list("allow") == [allowed]
    assert answer.headers["x-request-id"]


def test_a_method_that_a_route_has_not_is_answered_with_those_it_has(shared_api):
    answer = shared_api.post("/organizations/acme/issues/")
    assert answer.status_code == 405
    assert {"GET", "PUT", "DELETE"} <= set(answer.headers["allow"].split(", "))
