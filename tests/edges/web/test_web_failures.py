import pytest
from tests.edges.web.conftest import Site, text_of

PAGES = ["/login", "/", "/docs", "/nothing", "/organizations/acme/nothing", "/organizations/nobody/issues/"]


@pytest.mark.parametrize("path", ["/nothing", "/nothing/at/all", "/organizations/acme/nothing"])
def test_an_address_that_means_nothing_is_a_page_for_people_and_json_for_programs(site: Site, path: str):
    page = site.visit(path)
    assert page.status_code == 404
    assert "There is nothing here" in text_of(page)
    answer = site.client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "The requested resource does not exist"}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/0/nothing/", "/api/0/organizations/acme/nothing/"])
def test_the_api_keeps_its_own_not_found(site: Site, method: str, path: str):
    answer = site.client.request(method, path, headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert answer.json() == {"detail": "The requested resource does not exist"}
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_address_that_means_nothing_takes_anything(site: Site, method: str):
    answer = site.client.request(method, "/nothing", json={})
    assert (answer.status_code, answer.json()) == (404, {"detail": "The requested resource does not exist"})


def test_a_page_that_takes_no_form_says_so(site: Site):
    page = site.client.post("/docs", headers={"accept": "text/html"})
    assert (page.status_code, set(page.headers["allow"].split(", "))) == (405, {"GET", "OPTIONS"})
    assert page.headers["x-request-id"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shuts_foreign_scripts_and_frames_out(site: Site, path: str):
    page = site.visit(path)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "style=" not in page.text
    assert "onclick=" not in page.text


def test_our_own_fault_names_the_request_and_nothing_inside(site: Site):
    issue_id = site.new_issue()
    site.history.command("RENAME TABLE event TO event_away")
    try:
        page = site.visit(f"/organizations/acme/issues/{issue_id}/")
    finally:
        site.history.command("RENAME TABLE event_away TO event")
    assert page.status_code == 500
    assert f"under request {page.headers['x-request-id']}" in text_of(page)
    assert "event_away" not in page.text
    assert "Traceback" not in page.text


def test_static_files_are_kept_for_ever_and_named_after_their_content(site: Site):
    page = site.visit("/login")
    (sheet,) = [part.partition('"')[0] for part in page.text.split('href="') if part.startswith("/static/tocsin.css")]
    answer = site.client.get(sheet)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert {"max-age=31536000", "public", "immutable"} <= set(answer.headers["cache-control"].split(", "))
    assert len(sheet.partition("?v=")[2]) == 12


def test_files_outside_the_folder_cannot_be_had(site: Site):
    for path in ("/static/../pages.py", "/static/%2e%2e/pages.py", "/static/..%2fpages.py"):
        assert site.client.get(path).status_code == 404


def test_the_document_of_the_api_lists_what_programs_can_ask(site: Site):
    text = text_of(site.visit("/docs"))
    assert "Authorization: Bearer" in text
    assert "/api/0/organizations/{org}/issues" in text
