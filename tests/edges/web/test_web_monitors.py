"""The pages of monitors and of feedback."""

import msgspec
import pytest
from tests.edges.api.test_monitors import check_in
from tests.edges.web.conftest import text_of

from tocsin.domain.access import Role
from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.pipeline import digest

MONITORS = "/organizations/acme/monitors/"
FORM = {"project": "1", "name": "Nightly export", "schedule": "0 3 * * *", "timezone": "Europe/Vienna"}
PNG = b"\x89PNG\r\n\x1a\n1234"


@pytest.fixture
def site(site):
    site.log_in()
    return site


def envelope(site, *items: tuple[dict, bytes]) -> str:
    """Digest an envelope of *items* and return its event id."""
    event_id = f"{next(site.numbers):032x}"
    body = msgspec.json.encode({"event_id": event_id}) + b"\n"
    for header, payload in items:
        body += msgspec.json.encode(header | {"length": len(payload)}) + b"\n" + payload + b"\n"
    accepted = Accepted(project_id=site.project.id, public_key="k", received=site.now, event_id=event_id, body=body)
    site.writer.write(f"{next(site.numbers):032x}", [digest(accepted, IntakeLimits())])
    return event_id


def say(site, message: str, *files: tuple[dict, bytes], **fields: str) -> str:
    payload = {"contexts": {"feedback": {"message": message} | fields}}
    return envelope(site, ({"type": "feedback"}, msgspec.json.encode(payload)), *files)


def test_without_monitors_the_page_says_how_to_get_one(site):
    assert "sentry-cli monitors run" in text_of(site.visit(MONITORS))


def test_the_list_shows_how_jobs_fare_in_words(site):
    check_in(site)
    check_in(site, "error", environment="qa")
    text = text_of(site.visit(MONITORS))
    assert "nightly-export p 0 3 * * * (Europe/Vienna)" in text
    assert "production ok next 2026-11-19 02:00" in text
    assert "qa failing" in text


def test_the_list_is_searched_by_name(site):
    check_in(site)
    assert "nightly-export" in site.visit(f"{MONITORS}?query=night").text
    assert "No monitor matches" in site.visit(f"{MONITORS}?query=weekly").text


def test_a_monitor_is_made_with_the_form_and_shows_its_check_ins(site):
    assert site.visit(f"{MONITORS}new/").status_code == 200
    page = site.submit(MONITORS, FORM | {"project": str(site.project.id), "max_runtime": "10"})
    assert "Made the monitor Nightly export." in text_of(page)
    check_in(site, monitor_config=None, duration=2)
    text = text_of(site.visit(f"{MONITORS}nightly-export/"))
    assert "ok production 2.0 s" in text


def test_a_form_with_mistakes_comes_back_with_what_was_written(site):
    page = site.submit(MONITORS, FORM | {"project": str(site.project.id), "schedule": "0 0 L * *", "timezone": "Mars"})
    assert page.status_code == 400
    assert 'value="0 0 L * *"' in page.text
    assert "L, W, # and ? are not understood" in text_of(page)
    assert "Mars is no time zone" in text_of(page)


def test_an_interval_is_written_in_words(site):
    site.submit(MONITORS, FORM | {"project": str(site.project.id), "schedule": "every 2 hours"})
    assert "every 2 hours" in text_of(site.visit(MONITORS))


def test_a_slug_that_is_taken_is_said_beside_its_field(site):
    check_in(site)
    page = site.submit(MONITORS, FORM | {"project": str(site.project.id), "slug": "nightly-export"})
    assert (page.status_code, "choose another slug" in page.text) == (400, True)


def test_a_monitor_is_changed_muted_disabled_and_deleted(site):
    check_in(site)
    path = f"{MONITORS}nightly-export/"
    assert "Saved." in text_of(site.submit(path, FORM | {"action": "save", "schedule": "@hourly"}))
    for action, label in (("mute", "muted"), ("disable", "disabled")):
        assert f'<span class="label">{label}</span>' in site.submit(path, {"action": action}).text
    for action, label in (("unmute", "muted"), ("enable", "disabled")):
        assert f'<span class="label">{label}</span>' not in site.submit(path, {"action": action}).text
    assert site.submit(path, {"action": "explode"}).status_code == 400
    assert site.submit(path, FORM | {"action": "save", "schedule": "never"}).status_code == 400
    assert "Deleted the monitor" in text_of(site.submit(path, {"action": "delete"}))
    assert site.visit(path).status_code == 404


def test_members_may_look_but_not_change(site):
    check_in(site)
    bob = site.make_user("bob@acme.io", role=Role.MEMBER, teams=[site.team])
    token = {"authorization": f"Bearer {site.make_token(bob)}"}
    site.client.cookies.clear()
    assert "New monitor" not in site.visit(MONITORS, headers=token).text
    assert site.visit(f"{MONITORS}new/", headers=token).status_code == 403


def test_feedback_is_listed_and_shown_with_its_picture(site):
    picture = ({"type": "attachment", "filename": "shot.png", "content_type": "image/png"}, PNG)
    say(site, "I love it", picture, name="Jane", contact_email="jane@example.com")
    page = text_of(site.visit("/organizations/acme/feedback/"))
    assert "I love it Jane (jane@example.com)" in page
    (issue_id,) = site.issues()
    shown = site.visit(f"/organizations/acme/issues/{issue_id}/")
    assert "I love it" in text_of(shown)
    sent = site.visit(f"/organizations/acme/issues/{issue_id}/pictures/1")
    assert (sent.content, sent.headers["content-type"]) == (PNG, "image/png")
    assert f"/issues/{issue_id}/pictures/1" in shown.text


def test_what_only_says_that_it_is_a_picture_is_not_shown(site):
    say(site, "look", ({"type": "attachment", "filename": "a.png", "content_type": "image/png"}, b"<script>"))
    (issue_id,) = site.issues()
    assert site.visit(f"/organizations/acme/issues/{issue_id}/pictures/1").status_code == 404
    assert site.visit(f"/organizations/acme/issues/{issue_id}/pictures/x").status_code == 404


def test_an_error_and_the_feedback_about_it_lead_to_each_other(site):
    site.send(event_id="ab" * 16)
    (error,) = site.issues()
    say(site, "It broke when I paid", associated_event_id="ab" * 16)
    (feedback,) = set(site.issues()) - {error}
    about = text_of(site.visit(f"/organizations/acme/issues/{error}/"))
    assert "It broke when I paid" in about
    back = site.visit(f"/organizations/acme/issues/{feedback}/")
    assert "Open the error that it is about" in text_of(back)
    found = site.visit(f"/organizations/acme/issues/?query={'ab' * 16}")
    assert f"/issues/{error}/" in str(found.url)


def test_a_report_about_an_error_is_on_the_feedback_page(site):
    site.send(event_id="ab" * 16)
    report = {"event_id": "ab" * 16, "name": "Jane", "email": "", "comments": "It broke"}
    envelope(site, ({"type": "user_report"}, msgspec.json.encode(report)))
    page = site.visit("/organizations/acme/feedback/")
    assert "About errors It broke Jane" in text_of(page)


def test_without_feedback_the_page_says_how_to_get_some(site):
    assert "Nobody has said anything yet" in site.visit("/organizations/acme/feedback/").text
