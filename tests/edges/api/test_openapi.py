"""The OpenAPI document tells what there is, and HEAD answers what GET does, without the body."""

import re

from tocsin.edges.api.routes import ROUTES


def test_every_route_stands_in_the_document(shared_api):
    document = shared_api.get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for route in ROUTES:
        for path in route.paths:
            plain = "/api/0" + re.sub(r":\w+\}", "}", path).rstrip("/")
            operations = document["paths"].get(plain) or document["paths"][plain + "/"]
            assert route.method.lower() in operations, path


def test_the_body_of_a_change_is_described(shared_api):
    document = shared_api.get("/openapi.json").json()
    body = document["paths"]["/api/0/organizations/{org}/issues"]["put"]["requestBody"]
    fields = body["content"]["application/json"]["schema"]["properties"]
    assert {"status", "statusDetails", "assignedTo", "hasSeen", "isBookmarked", "isPublic", "ignoreCount"} <= set(
        fields
    )


def test_scripts_can_read_the_link_header_with_head(shared_api):
    path = "/organizations/acme/issues/?query=is:unresolved&sort=date&limit=25"
    asked, told = shared_api.request("HEAD", path), shared_api.get(path)
    assert (asked.status_code, told.status_code) == (200, 200)
    assert asked.headers["link"] == told.headers["link"]
    assert "/issues/?query=is%3Aunresolved&sort=date&limit=25&cursor=" in told.headers["link"]
