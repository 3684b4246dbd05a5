"""How often the same caller may ask for single issues, where that is limited (spec/mutation.md 1.4)."""

import pytest
from msgspec.structs import replace

from tocsin.domain.access import Role
from tocsin.domain.quota import Quota
from tocsin.edges import quotas
from tocsin.edges.quotas import Quotas

TEXT = "You are attempting to use this endpoint too frequently. Limit is 5 requests in {} seconds"
RESOLVE = {"status": "resolved"}


@pytest.fixture
def limited(api):
    """The API with rate limits on."""
    api.services = replace(
        api.services,
        settings=replace(api.services.settings, api_rate_limits=True, trusted_proxies="*"),
        quotas=Quotas(),
    )
    api.client.app.state["services"] = api.services
    return api


def statuses(api, method, path, times, **options):
    return [api.request(method, path, **options).status_code for _ in range(times)]


def test_the_eleventh_change_in_one_instant_is_one_too_many(limited):
    """mutation-A22"""
    path = f"/issues/{limited.new_issue()}/"
    assert statuses(limited, "PUT", path, 11, json=RESOLVE) == [200] * 5 + [429] * 6
    answer = limited.put(path, RESOLVE)
    assert answer.json() == {"detail": TEXT.format(1)}
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["x-sentry-rate-limit-limit"] == "5"
    assert answer.headers["x-sentry-rate-limit-remaining"] == "0"
    assert answer.headers["x-sentry-rate-limit-reset"] == str(int(limited.now.timestamp()) + 1)
    limited.later(seconds=1)
    assert limited.put(path, RESOLVE).status_code == 200


def test_nothing_is_limited_unless_the_setting_says_so(api):
    path = f"/issues/{api.new_issue()}/"
    assert statuses(api, "GET", path, 12) == [200] * 12
    assert "x-sentry-rate-limit-limit" not in api.get(path).headers


def test_deletions_are_five_in_five_seconds(limited):
    paths = [f"/issues/{limited.new_issue()}/" for _ in range(6)]
    assert [limited.delete(path).status_code for path in paths] == [202] * 5 + [429]
    limited.later(seconds=4)
    answer = limited.delete(paths[5])
    assert (answer.status_code, answer.json()) == (429, {"detail": TEXT.format(5)})
    assert answer.headers["retry-after"] == "1"
    limited.later(seconds=1)
    assert limited.delete(paths[5]).status_code == 202


def test_answers_say_what_is_left(limited):
    path = f"/organizations/acme/issues/{limited.new_issue()}/"
    left = [limited.get(path).headers["x-sentry-rate-limit-remaining"] for _ in range(3)]
    assert left == ["4", "3", "2"]
    missing = limited.get("/issues/999999/")
    assert (missing.status_code, missing.headers["x-sentry-rate-limit-remaining"]) == (404, "1")


def test_each_method_and_route_is_counted_apart_and_names_of_one_route_together(limited):
    issue_id = limited.new_issue()
    assert statuses(limited, "GET", f"/issues/{issue_id}/", 3) == [200] * 3
    assert statuses(limited, "GET", f"/organizations/acme/groups/{issue_id}/", 3) == [200, 200, 429]
    assert limited.put(f"/issues/{issue_id}/", RESOLVE).status_code == 200
    assert limited.get(f"/issues/{issue_id}/activities/").status_code == 200
    assert statuses(limited, "GET", "/organizations/acme/issues/", 7) == [200] * 7


def test_head_counts_as_get(limited):
    path = f"/issues/{limited.new_issue()}/"
    assert statuses(limited, "HEAD", path, 5) == [200] * 5
    assert limited.get(path).status_code == 429


def test_users_organizations_and_addresses_are_counted_apart(limited):
    path = f"/issues/{limited.new_issue()}/"
    other = limited.make_token(limited.make_user("mia@acme.io", role=Role.OWNER))
    first, second = limited.make_organization_token(), limited.make_organization_token()
    assert statuses(limited, "GET", path, 6) == [200] * 5 + [429]
    assert limited.get(path, token=limited.make_token(limited.jane)).status_code == 429
    assert statuses(limited, "GET", path, 6, token=other) == [200] * 5 + [429]
    assert statuses(limited, "GET", path, 5, token=first) == [200] * 5
    assert limited.get(path, token=second).status_code == 429
    here, there = {"x-forwarded-for": "192.0.2.1"}, {"x-forwarded-for": "192.0.2.2"}
    assert statuses(limited, "GET", path, 6, token="", headers=here) == [401] * 5 + [429]
    assert limited.get(path, token="guessed", headers=here).status_code == 429
    assert limited.get(path, token="guessed", headers=there).status_code == 401


def test_what_is_too_often_changes_nothing(limited):
    issue_id = limited.new_issue()
    statuses(limited, "PUT", f"/issues/{issue_id}/", 5, json={"priority": "low"})
    before = limited.issue(issue_id)
    assert limited.put(f"/issues/{issue_id}/", RESOLVE).status_code == 429
    assert limited.issue(issue_id) == before


def test_no_more_callers_are_remembered_than_fit(monkeypatch, api):
    monkeypatch.setattr(quotas, "CALLERS_MAX", 3)
    kept, once = Quotas(), Quota(requests_max=1, window_seconds=9)
    assert [kept.spend(once, who, api.now).is_within for who in "abcab"] == [True, True, True, False, False]
    assert kept.spend(once, "d", api.now).is_within
    assert [kept.spend(once, who, api.now).is_within for who in "abc"] == [False, False, True]
