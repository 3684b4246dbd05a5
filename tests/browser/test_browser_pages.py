"""What people do, done in a real browser against a real server."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import AXE, Backend, log_in
from tests.running import Tocsin, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
ISSUE_URL = re.compile(r"/organizations/acme/issues/\d+/")

Open = Callable[..., Page]


def test_from_the_log_in_to_a_resolved_issue(open_browser: Open, backend: Backend, tocsin: Tocsin):
    page = open_browser(storage_state=None)
    log_in(page, tocsin)
    page.goto(backend.stream)
    page.get_by_role("link", name="TooHigh").click()
    expect(page).to_have_url(ISSUE_URL)
    expect(page.get_by_text("raise TooHigh(bar)")).to_be_visible()
    expect(page.get_by_text("2 frames in django")).to_be_visible()
    page.go_back()
    page.get_by_label("Select all").check()
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Resolved 2 issues.")
    expect(page.get_by_text("No issue matches")).to_be_visible()
    assert backend.issues() == []
    assert len(backend.issues("is:resolved")) == 2


def test_everything_can_be_done_with_the_keyboard(open_browser: Open, backend: Backend):
    page = open_browser()
    page.goto(backend.stream)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("status")).to_have_text("Resolved 1 issue.")
    assert len(backend.issues()) == 1
    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type("is:resolved")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(ISSUE_URL)
    page.get_by_role("button", name="Unresolve").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Made 1 issue unresolved.")
    assert len(backend.issues()) == 2


def test_reading_and_acting_work_without_scripts(open_browser: Open, backend: Backend):
    page = open_browser(java_script_enabled=False)
    page.goto(backend.stream)
    page.get_by_role("link", name="TooLow").click()
    expect(page.get_by_text("raise TooHigh(bar)")).to_be_visible()
    page.get_by_role("combobox", name="Assignee").select_option("Me")
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status")).to_have_text("Assigned 1 issue.")
    page.goto(backend.stream)
    page.locator(".row input").first.check()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_role("status")).to_contain_text("Archived 1 issue")
    expect(page.locator(".row")).to_have_count(1)
    assert len(backend.issues()) == 1


def test_a_picker_narrows_the_list_at_once(open_browser: Open, backend: Backend):
    page = open_browser()
    page.goto(backend.stream)
    page.get_by_role("combobox", name="Sort by").select_option("Events")
    expect(page).to_have_url(re.compile("sort=freq"))
    expect(page.locator(".row")).to_have_count(2)


def test_a_change_on_the_page_of_an_issue_is_told_in_its_activity(open_browser: Open, backend: Backend):
    page = open_browser()
    page.goto(backend.stream)
    page.get_by_role("link", name="TooHigh").click()
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Resolved 1 issue.")
    expect(page.get_by_text("resolved it just now")).to_be_visible()
    expect(page.get_by_role("button", name="Unresolve")).to_be_visible()


@pytest.mark.parametrize("window", [{}, {"java_script_enabled": False}], ids=["with-scripts", "without-scripts"])
def test_people_comment_edit_and_delete_what_they_wrote(open_browser: Open, backend: Backend, window: dict[str, bool]):
    page = open_browser(**window)
    page.goto(issue_page(backend))
    page.get_by_label("Comment", exact=True).fill("It is the <b>valve</b>")
    page.get_by_role("button", name="Add the comment").click()
    expect(page.get_by_role("status")).to_have_text("Comment added.")
    expect(page.get_by_role("blockquote")).to_have_text("It is the <b>valve</b>")
    page.get_by_text("Edit or delete").click()
    page.get_by_label("Your comment").fill("It was the pump")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Comment changed.")
    expect(page.get_by_role("blockquote")).to_have_text("It was the pump")
    page.get_by_text("Edit or delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_have_text("Comment deleted.")
    expect(page.get_by_role("blockquote")).to_have_count(0)


def test_a_shared_issue_is_read_without_an_account(open_browser: Open, backend: Backend):
    page = open_browser()
    page.goto(issue_page(backend))
    page.get_by_role("button", name="Share").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Shared 1 issue")
    link = page.get_by_role("link", name="/share/issue/").get_attribute("href")
    visitor = open_browser(storage_state=None)
    visitor.goto(link)
    expect(visitor.get_by_text("raise TooHigh(bar)")).to_be_visible()
    expect(visitor.get_by_text("SELECT 1")).to_have_count(0)
    expect(visitor.get_by_role("button")).to_have_count(0)


def test_the_health_of_a_release_is_read_without_scripts(open_browser: Open, backend: Backend):
    backend.tell_sessions()
    page = open_browser(java_script_enabled=False)
    page.goto(backend.stream)
    page.get_by_role("link", name="Releases").click()
    page.get_by_role("combobox", name="Project").select_option(backend.slug)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("cell", name="80 %").first).to_be_visible()
    page.get_by_role("rowheader", name="1.0.0").get_by_role("link").click()
    expect(page.get_by_role("heading", name="backend@1.0.0")).to_be_visible()
    page.get_by_text("Day by day").click()
    expect(page.get_by_role("cell", name="83.33 %")).to_be_visible()
    page.get_by_role("link", name="2 new issues").click()
    expect(page.locator(".row")).to_have_count(2)


def test_the_first_event_appears_by_itself(open_browser: Open, project: Backend):
    page = open_browser()
    page.goto(project.stream)
    expect(page.get_by_text("No event has arrived yet. Waiting…")).to_be_visible()
    project.send("First")
    expect(page.get_by_role("link", name="First")).to_be_visible()


def test_what_an_event_says_is_never_run(open_browser: Open, backend: Backend):
    hostile = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    backend.seeded(hostile)
    page = open_browser()
    page.goto(backend.stream)
    expect(page.locator(".row")).to_have_count(3)
    page.locator(".row-title", has_text="onerror").click()
    expect(page).to_have_url(ISSUE_URL)
    assert page.title() != "run"
    assert page.locator("img[src=x]").count() == 0


def issue_page(backend: Backend) -> str:
    return f"{backend.tocsin.url}/organizations/acme/issues/{backend.issues()[0]['id']}/"


def commented_page(backend: Backend) -> str:
    """Return the page of an issue with a comment of jane's, one long word without a break."""
    issue_id = backend.issues()[0]["id"]
    backend.tocsin.api.post(f"/issues/{issue_id}/comments/", json={"text": "valve" * 100}).raise_for_status()
    return issue_page(backend)


def shared_page(backend: Backend) -> str:
    issue_id = backend.issues()[0]["id"]
    answer = backend.tocsin.api.put(f"/issues/{issue_id}/", json={"isPublic": True})
    return f"{backend.tocsin.url}/share/issue/{answer.json()['shareId']}/"


def releases_page(backend: Backend) -> str:
    """Return the list of releases, one of which has sessions."""
    backend.tell_sessions()
    return f"{backend.tocsin.url}/organizations/acme/releases/?project={backend.id}"


def release_page(backend: Backend) -> str:
    backend.tell_sessions()
    return f"{backend.tocsin.url}/organizations/acme/releases/backend%401.0.0/?project={backend.id}"


def grouping_page(backend: Backend) -> str:
    return f"{backend.tocsin.url}/organizations/acme/projects/{backend.slug}/grouping/"


def monitors_page(backend: Backend) -> str:
    """Return the page of monitors, with a job that fares well in one environment and badly in another."""
    config = {"schedule": {"type": "crontab", "value": "0 3 * * *"}, "timezone": "Europe/Vienna"}
    for environment, status in (("production", "ok"), ("qa", "error")):
        said = {"monitor_slug": "nightly-export", "status": status, "environment": environment}
        backend.post(uuid4().hex, "check_in", said | {"monitor_config": config})
    wait_for(lambda: [one for one in known_monitors(backend) if len(one["environments"]) == 2], "the check-ins")
    return f"{backend.tocsin.url}/organizations/acme/monitors/"


def known_monitors(backend: Backend) -> list[dict[str, Any]]:
    return backend.tocsin.get("/organizations/acme/monitors/", project=backend.id)


def monitor_page(backend: Backend) -> str:
    url = monitors_page(backend)
    (known,) = known_monitors(backend)
    return f"{url}{known['id']}/"


def feedback_page(backend: Backend) -> str:
    said = {"message": "The checkout is slow", "name": "Jane", "contact_email": "jane@example.com"}
    backend.post(uuid4().hex, "feedback", {"contexts": {"feedback": said}})
    wait_for(lambda: backend.issues("issue.category:feedback"), "the feedback")
    return f"{backend.tocsin.url}/organizations/acme/feedback/"


PAGES: dict[str, Callable[[Backend], str]] = {
    "stream": lambda backend: backend.stream,
    "issue": issue_page,
    "commented": commented_page,
    "shared": shared_page,
    "grouping": grouping_page,
    "empty": lambda backend: backend.stream.replace("is:unresolved", "level:fatal"),
    "releases": releases_page,
    "release": release_page,
    "monitors": monitors_page,
    "monitor": monitor_page,
    "new-monitor": lambda backend: f"{backend.tocsin.url}/organizations/acme/monitors/new/",
    "feedback": feedback_page,
    "stats": lambda backend: f"{backend.tocsin.url}/organizations/acme/stats/?statsPeriod=24h",
    "inbound": lambda backend: f"{backend.tocsin.url}/organizations/acme/settings/projects/{backend.slug}/inbound/",
    "docs": lambda backend: f"{backend.tocsin.url}/docs",
    "home": lambda backend: f"{backend.tocsin.url}/",
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(
    open_browser: Open, backend: Backend, tmp_path: Path, scheme: str, size: str
):
    page = open_browser(color_scheme=scheme, viewport=SIZES[size], bypass_csp=True)
    for name, url in PAGES.items():
        page.goto(url(backend))
        check(page, tmp_path / f"{name}.png")
    page.goto(backend.stream)
    page.locator(".row input").first.check()
    check(page, tmp_path / "selected.png")
    page.goto(issue_page(backend))
    page.get_by_text("How this was grouped").click()
    check(page, tmp_path / "grouped.png")
    page.goto(grouping_page(backend))
    page.get_by_label("Fingerprint rules").fill("type:Too* -> one")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("heading", name="What would change").scroll_into_view_if_needed()
    check(page, tmp_path / "preview.png")


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_rules_are_tried_before_they_are_saved(open_browser: Open, backend: Backend, *, java_script_enabled: bool):
    page = open_browser(java_script_enabled=java_script_enabled, viewport=SIZES["phone"])
    page.goto(grouping_page(backend))
    page.get_by_label("Fingerprint rules").fill("type:Too* -> too-much-or-too-little")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("status")).to_contain_text("Of 2 issues, 0 would stay")
    expect(page.get_by_text("1 issue would come of several")).to_be_visible()
    expect(page.get_by_label("Fingerprint rules")).to_have_value("type:Too* -> too-much-or-too-little")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    backend.send("TooSoon")
    backend.send("TooLate")
    wait_for(lambda: len(backend.readable()) == 3, "one issue of two kinds of error")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_log_in_is_accessible_and_fits(open_browser: Open, tocsin: Tocsin, tmp_path: Path, scheme: str):
    page = open_browser(color_scheme=scheme, viewport=SIZES["phone"], bypass_csp=True, storage_state=None)
    page.goto(f"{tocsin.url}/login")
    check(page, tmp_path / "login.png")


def check(page: Page, picture: Path) -> None:
    """Fail when the page scrolls sideways or axe finds anything; a picture of it stays in the test's folder."""
    page.screenshot(path=picture)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
