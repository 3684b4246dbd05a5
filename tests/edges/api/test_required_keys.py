"""Every GET route that the official description knows carries the keys it requires, with their types.

``tests/corpus/api/required-keys.json`` holds what is required, by method and path: of an object, or of each row of a
list. A type is one of several; ``words`` are the only texts that may stand there, ``with`` what an object must hold.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from tocsin.domain.issue.issue import Assignee
from tocsin.edges.api.routes import ROUTES
from tocsin.storage.state import attachments

REQUIRED = msgspec.json.decode((Path(__file__).parents[2] / "corpus" / "api" / "required-keys.json").read_bytes())
EVENT = "ab" * 16
EMPTY_HERE = ("files", "filters")
"""Last words of paths whose lists this fixture leaves empty."""


def plain(path):
    return re.sub(r":\w+\}", "}", path).replace("{short_id}", "{issue_id}").replace("{event_id}", "{event_id}") + "/"


GETS = sorted(
    {f"GET {plain(path)}" for route in ROUTES if route.method == "GET" for path in route.paths} & set(REQUIRED)
)


def is_time(value):
    return isinstance(value, str) and value.endswith("Z") and datetime.fromisoformat(value).tzinfo is UTC


IS = {
    "string": lambda value: isinstance(value, str),
    "word": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "time": is_time,
    "uri": lambda value: isinstance(value, str) and bool(urlsplit(value).scheme),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
    "any": lambda value: True,
    "[any]": lambda value: isinstance(value, list),
    "[object]": lambda value: isinstance(value, list) and all(isinstance(one, dict) for one in value),
    "[string]": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "[integer]": lambda value: isinstance(value, list) and all(type(one) is int for one in value),
    "[[string]]": lambda value: isinstance(value, list) and all(IS["[string]"](one) for one in value),
}


def faults(shown, keys, place=""):
    """Return what *shown* lacks of *keys*, and what is of another type, by its place."""
    found = []
    for name, wanted in keys.items():
        at = f"{place}.{name}"
        if name not in shown:
            found.append(f"{at} is missing")
            continue
        value = shown[name]
        if not any(IS[kind](value) for kind in wanted["is"]):
            found.append(f"{at} is {value!r:.60}, not {' or '.join(wanted['is'])}")
        elif "words" in wanted and value is not None and value not in wanted["words"]:
            found.append(f"{at} is {value!r:.60}, none of its words")
        elif "with" in wanted:
            parts = value if isinstance(value, list) else [value] if value is not None else []
            found += [fault for part in parts for fault in faults(part, wanted["with"], at)]
    return found


@pytest.fixture(scope="module")
def api(shared_api):
    """An organization with one of everything."""
    api = shared_api
    frame = {"filename": "a.py", "function": "f", "lineno": 1, "context_line": "x", "in_app": True}
    values = [{"type": "ValueError", "value": "v", "stacktrace": {"frames": [frame]}}]
    api.issue_id = api.new_issue(
        event_id=EVENT,
        exception={"values": values},
        release="app@1.0.0",
        environment="production",
        user={"id": "1", "email": "u@acme.io"},
        tags={"browser": "Chrome"},
        sdk={"name": "sentry.python", "version": "2.0"},
        breadcrumbs={"values": [{"message": "before", "timestamp": api.now.timestamp()}]},
    )
    api.change(api.issue_id, assignee=Assignee(user_id=api.jane.id))
    api.post("/projects/acme/p/keys/", {"name": "Default", "rateLimit": {"count": 5, "window": 60}})
    api.post(
        "/projects/acme/p/user-feedback/",
        {"event_id": EVENT, "name": "Joe", "email": "joe@acme.io", "comments": "It broke."},
    )
    api.put("/projects/acme/p/ownership/", {"raw": "path:* jane@acme.io"})
    file = attachments.Attachment(
        project_id=api.project.id,
        event_id=EVENT,
        name="log.txt",
        type="event.attachment",
        content_type="text/plain",
        size_bytes=1,
        sha256=api.blobs.put(b"x"),
        created_at=api.now,
    )
    with api.state.write() as connection:
        attachments.add(connection, [file])
    api.attachment_id = api.get(f"/projects/acme/p/events/{EVENT}/attachments/").json()[0]["id"]
    api.key_id = api.get("/projects/acme/p/keys/").json()[0]["id"]
    commit = {"id": "a" * 40, "repository": "acme/app", "message": "Seal the pump", "author_email": "jane@acme.io"}
    api.post("/organizations/acme/releases/", {"version": "app@1.0.0", "projects": ["p"], "commits": [commit]})
    api.post("/organizations/acme/releases/app@1.0.0/deploys/", {"environment": "production"})
    api.repo_id = api.get("/organizations/acme/repos/").json()[0]["id"]
    return api


def path_of(api, required):
    path = required.partition(" ")[2]
    issue = f"P-{api.issue(api.issue_id).number}" if "shortids" in path else str(api.issue_id)
    values = {
        "org": "acme",
        "project": "p",
        "team": "crew",
        "member_id": "me",
        "issue_id": issue,
        "event_id": EVENT,
        "key": "browser",
        "key_id": api.key_id,
        "version": "app@1.0.0",
        "environment": "production",
        "attachment_id": api.attachment_id,
        "repo_id": api.repo_id,
    }
    query = "?field=sum(quantity)&groupBy=outcome" if path.endswith("stats_v2/") else ""
    return path.format(**values) + query


@pytest.mark.parametrize("required", GETS)
def test_an_answer_carries_every_required_key_with_its_type(api, required):
    wanted = REQUIRED[required]
    answer = api.get(path_of(api, required))
    assert answer.status_code == wanted["status"], answer.text
    shown = answer.json()
    assert isinstance(shown, list) is wanted["list"]
    rows = shown if wanted["list"] else [shown]
    assert rows or required.rstrip("/").endswith(EMPTY_HERE)
    assert [fault for row in rows for fault in faults(row, wanted["keys"])] == []


def test_what_is_made_or_changed_is_answered_in_the_same_shape(api):
    asked = {
        "POST /teams/{org}/{team}/projects/": {"name": "Second"},
        "POST /organizations/{org}/projects/": {"name": "Third"},
        "POST /projects/{org}/{project}/keys/": {"name": "k"},
        "PUT /projects/{org}/{project}/keys/{key_id}/": {"name": "k"},
        "PUT /projects/{org}/{project}/environments/": {"isHidden": False},
        "PUT /projects/{org}/{project}/environments/{environment}/": {"isHidden": False},
        "PUT /projects/{org}/{project}/ownership/": {"fallthrough": False},
        "POST /projects/{org}/{project}/teams/{team}/": {},
        "POST /organizations/{org}/teams/": {"name": "Second"},
        "PUT /teams/{org}/{team}/": {"name": "Crew"},
        "POST /organizations/{org}/members/": {"email": "zoe@acme.io"},
        "PUT /organizations/{org}/members/{member_id}/": {"orgRole": "owner"},
        "PUT /organizations/{org}/members/{member_id}/teams/{team}/": {},
        "POST /projects/{org}/{project}/user-feedback/": {
            "event_id": "cd" * 16,
            "name": "Joe",
            "email": "joe@acme.io",
            "comments": "x",
        },
        "PUT /organizations/{org}/issues/{issue_id}/": {"hasSeen": True},
    }
    for required, body in asked.items():
        wanted = REQUIRED[required]
        answer = api.request(required.partition(" ")[0], path_of(api, required), json=body)
        assert answer.status_code == wanted["status"], (required, answer.text)
        rows = answer.json() if isinstance(answer.json(), list) else [answer.json()]
        assert [fault for row in rows for fault in faults(row, wanted["keys"])] == [], required


def test_most_of_what_the_description_requires_is_asked_here():
    assert len(GETS) >= 34
