from typing import Any

import pytest
from tests.edges.web.conftest import PASSWORD, Site, text_of

from tocsin.domain.access import Role
from tocsin.domain.organization import Project
from tocsin.storage.state import projects, users

INBOUND = "/organizations/acme/settings/projects/p/inbound/"


def saved(site: Site) -> Project:
    with site.state.read() as connection:
        return projects.by_ids(connection, [site.project.id])[site.project.id]


def test_the_page_shows_what_holds(site: Site):
    page = site.visit(INBOUND).text
    for name, is_on in {"filters:web-crawlers": True, "filters:localhost": False, "dataScrubber": True}.items():
        assert (f'value="{name}" checked' in page) is is_on
    assert 'name="allowedDomains"' in page


def test_what_is_saved_holds_and_is_shown_again(site: Site):
    form: dict[str, Any] = {
        "on": ["filters:localhost", "dataScrubber"],
        "legacy": ["ie11"],
        "filters:releases": "1.*\r\n2.*",
        "filters:blacklisted_ips": "10.0.0.0/8",
        "allowedDomains": "*.acme.io",
        "sensitiveFields": "iris",
        "relayPiiConfig": "[Mask] [Email addresses] from [$string]",
    }
    page = site.submit(INBOUND, form)
    assert "Saved. It holds for the next event that arrives." in text_of(page)
    assert "[Mask] [Email addresses] from [$string]" in text_of(page)
    options = saved(site).options
    assert options["filters:localhost"] is True
    assert options["filters:web-crawlers"] is False
    assert options["filters:legacy-browsers"] == ["ie11"]
    assert options["filters:releases"] == ["1.*", "2.*"]
    assert options["allowedDomains"] == ["*.acme.io"]
    assert options["sensitiveFields"] == ["iris"]
    assert options["dataScrubberDefaults"] is False


@pytest.mark.parametrize(
    ("name", "wrong"), [("filters:blacklisted_ips", "10.0.0.300"), ("relayPiiConfig", "[Do] [something]")]
)
@pytest.mark.parametrize("action", ["save", "try"])
def test_what_cannot_be_read_is_told_beside_its_field(site: Site, name: str, wrong: str, action: str):
    page = site.submit(INBOUND, {name: wrong, "sensitiveFields": "iris", "action": action, "trial": "x"})
    assert page.status_code == 400
    assert f'id="{name}-fault"' in page.text
    assert wrong in text_of(page)
    assert saved(site).options == {}


def test_rules_are_tried_on_a_text_without_being_saved(site: Site):
    form = {
        "action": "try",
        "trial": "mail jane@example.com now",
        "relayPiiConfig": "[Mask] [Email addresses] from [$string]",
    }
    text = text_of(site.submit(INBOUND, form))
    assert "1 thing would be taken out of the pasted text." in text
    assert "extra.text masked, characters 5 to 21" in text
    assert "mail **************** now" in text
    assert saved(site).options == {}


def test_rules_are_tried_on_the_latest_event(site: Site):
    site.new_issue(extra={"iris": "green"})
    site.later(seconds=1)
    text = text_of(site.submit(INBOUND, {"action": "try", "on": "dataScrubber", "sensitiveFields": "iris"}))
    assert "1 thing would be taken out of the latest event" in text
    assert "extra.iris" in text


def test_without_an_event_there_has_to_be_a_text(site: Site):
    page = site.submit(INBOUND, {"action": "try"})
    assert page.status_code == 400
    assert "This project has no event yet. Paste a text" in text_of(page)


def test_an_event_is_pasted_as_json(site: Site):
    form = {"action": "try", "on": ["dataScrubber", "dataScrubberDefaults"], "trial": '{"extra": {"password": "x"}}'}
    assert "extra.password" in text_of(site.submit(INBOUND, form))


def test_members_read_and_admins_change(stranger: Site):
    with stranger.state.read() as connection:
        hashed = users.password_hash(connection, stranger.jane.id)
    user = stranger.make_user("joe@acme.io", role=Role.MEMBER, teams=[stranger.team])
    with stranger.state.write() as connection:
        users.set_password_hash(connection, user.id, hashed)
    stranger.log_in("joe@acme.io", PASSWORD)
    page = stranger.visit(INBOUND)
    assert "Only admins, managers and owners can change this." in text_of(page)
    assert "<fieldset disabled>" in page.text
    assert 'value="save"' not in page.text
    assert stranger.submit(INBOUND, {"on": "filters:localhost"}).status_code == 403


def test_a_form_without_its_token_changes_nothing(site: Site):
    assert site.submit(INBOUND, {"on": "filters:localhost"}, token="wrong").status_code == 403
    assert saved(site).options == {}


def test_a_project_out_of_sight_has_no_page(site: Site):
    assert site.visit("/organizations/acme/settings/projects/nobodys/inbound/").status_code == 404
