from datetime import UTC, datetime, timedelta

import pytest
from tests.edges.web.conftest import Site, text_of

from tocsin.edges.web.attempts import ADDRESSES_MAX, Attempts
from tocsin.storage.state import organizations

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def test_the_right_password_leads_to_the_issues(stranger: Site):
    answer = stranger.log_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = stranger.visit("/")
    assert page.url.path == "/organizations/acme/issues/"
    assert page.status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Site):
    (cookie,) = [value for value in stranger.log_in().headers.get_list("set-cookie") if "tocsin_session" in value]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/;" in cookie
    assert "Secure" not in cookie


class TestOverHttps:
    @pytest.fixture
    def settings(self):
        return {"secure_cookies": True}

    def test_the_cookie_travels_over_https_only(self, stranger: Site):
        assert "Secure" in stranger.log_in().headers["set-cookie"]


def test_a_wrong_password_is_told_and_the_address_stays_in_the_form(stranger: Site):
    answer = stranger.log_in(password="guess")
    assert answer.status_code == 401
    assert "No account has this e-mail and password." in text_of(answer)
    assert 'value="jane@acme.io"' in answer.text
    assert "guess" not in answer.text
    assert "tocsin_session" not in stranger.client.cookies


class TestThrottling:
    @pytest.fixture
    def settings(self):
        return {"login_attempts_per_minute_max": 2}

    def test_after_too_many_wrong_passwords_even_the_right_one_has_to_wait(self, stranger: Site):
        assert [stranger.log_in(password="guess").status_code for _ in range(2)] == [401, 401]
        answer = stranger.log_in()
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "60"
        assert "Try again in 60 seconds." in text_of(answer)
        stranger.later(seconds=61)
        assert stranger.log_in().status_code == 303

    def test_a_log_in_that_succeeds_forgets_the_failures_before_it(self, stranger: Site):
        for _ in range(3):
            assert stranger.log_in(password="guess").status_code == 401
            assert stranger.log_in().status_code == 303


def test_attempts_count_by_address_and_fade_after_a_minute():
    attempts = Attempts(1)
    assert attempts.note("a", NOON) == 0
    assert attempts.note("b", NOON) == 0
    assert attempts.note("a", NOON + timedelta(seconds=45)) == 15
    assert attempts.note("a", NOON + timedelta(seconds=60)) == 0


def test_only_so_many_addresses_are_remembered():
    attempts = Attempts(1)
    for number in range(ADDRESSES_MAX + 1):
        assert attempts.note(str(number), NOON) == 0
    assert attempts.note("0", NOON) == 0
    assert attempts.note(str(ADDRESSES_MAX), NOON) > 0


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.test"}, {"sec-fetch-site": "cross-site"}])
def test_another_site_cannot_log_anybody_in(stranger: Site, headers: dict[str, str]):
    form = {"email": "jane@acme.io", "password": "correct horse battery"}
    answer = stranger.client.post("/login", data=form, headers=headers)
    assert answer.status_code == 403
    assert "came from another site" in text_of(answer)


def test_who_is_not_logged_in_is_asked_to_and_then_sent_on(stranger: Site):
    asked = stranger.visit("/organizations/acme/issues/?query=level:error", follow_redirects=False)
    assert asked.status_code == 303
    form = stranger.visit("/organizations/acme/issues/?query=level:error")
    assert 'name="next" value="/organizations/acme/issues?query=level:error"' in form.text
    answer = stranger.log_in(next="/organizations/acme/issues/?query=level:error")
    assert answer.headers["location"] == "/organizations/acme/issues/?query=level:error"


@pytest.mark.parametrize("wanted", ["//evil.test", "https://evil.test", "/\\evil.test", "evil", "/a\nb"])
def test_nobody_is_sent_on_to_another_site(stranger: Site, wanted: str):
    assert stranger.log_in(next=wanted).headers["location"] == "/"


def test_logging_out_ends_the_session_itself(site: Site):
    session = site.client.cookies["tocsin_session"]
    page = site.submit("/logout", {})
    assert page.url.path == "/login"
    site.client.cookies.set("tocsin_session", session)
    assert site.visit("/").url.path == "/login"


def test_who_is_in_no_organization_is_told_how_to_get_into_one(site: Site):
    with site.state.write() as connection:
        organizations.remove_member(connection, site.org, site.jane.id)
    page = site.visit("/")
    assert "You are in no organization yet" in text_of(page)
    assert "tocsin user add jane@acme.io" in text_of(page)


def test_a_token_of_an_organization_opens_no_page(site):
    token = site.make_organization_token()
    site.client.cookies.clear()
    answer = site.visit(
        "/organizations/acme/issues/", headers={"authorization": f"Bearer {token}"}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")
