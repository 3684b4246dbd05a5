"""Whatever is sent to a route that changes something: no fault of ours, and a refusal leaves everything as it was."""

import os
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.edges.api.test_access_walk import names

from tocsin.edges.api.routes import ROUTES
from tocsin.storage.state.tables import metadata

CHANGING = [route for route in ROUTES if route.method != "GET"]
IDS = [f"{route.method} {route.paths[0]}" for route in CHANGING]
EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "8"))
"""Of each kind and route; ``make fuzz`` tries many more."""
FEW = settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)

texts = st.text(max_size=30) | st.sampled_from(
    ["resolved", "1", "0", "true", "latest", "user:1", "team:1", "\0", "\ud800"]
)
numbers = st.integers() | st.floats() | st.sampled_from([2**31, 2**63, -1, 10**400])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "status", "substatus", "statusDetails", "ignoreDuration", "ignoreCount", "ignoreWindow", "ignoreUserCount", "snoozeDuration",
    "assignedTo", "hasSeen", "isBookmarked", "isSubscribed", "isPublic", "merge", "discard", "inbox", "priority", "inboxDetails",
    "text", "mentions", "version", "projects", "refs", "commits", "dateReleased", "name", "slug", "options", "environment",
    "platform", "resolveAge", "openMembership", "allowSharedIssues", "eventsMemberAdmin", "self_assign_issue", "action",
]  # fmt: skip
bodies = st.dictionaries(st.sampled_from(FIELDS) | texts, values, max_size=5) | values


@pytest.fixture(scope="module")
def target(shared_api):
    """Return what fills the parameters of a path; what was deleted is made again."""
    made = {"issue_id": None}

    def fill(path):
        if made["issue_id"] not in {str(one.id) for one in shared_api.issues().values() if one.status == "unresolved"}:
            made["issue_id"] = str(shared_api.new_issue())
        known = {
            # By id: some of the bodies change slugs.
            "org": str(shared_api.org),
            "project": str(shared_api.project.id),
            "team": "crew",
            "version": "1.0",
            "mutation_id": "1",
            "note_id": "1",
        } | made
        for name in names(path):
            path = re.sub(rf"\{{{name}(?::\w+)?\}}", known.get(name, "1"), path)
        return path

    return fill


def everything(api):
    """Return every row of state but those that only say when a token was used."""
    with api.state.read() as connection:
        tables = [table for table in metadata.sorted_tables if table.name not in {"api_token", "web_session"}]
        return {table.name: connection.execute(table.select()).all() for table in tables}


def check(api, target, method, path, **request):
    path = target(path)
    before = everything(api)
    answer = api.request(method, path, **request)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert isinstance(answer.json(), dict | list)
        assert everything(api) == before


@pytest.mark.parametrize("route", CHANGING, ids=IDS)
@FEW
@given(body=bodies)
def test_any_body_is_answered_and_a_refusal_changes_nothing(shared_api, target, route, body):
    try:
        check(shared_api, target, route.method, route.paths[0], json=body)
    except (ValueError, UnicodeEncodeError) as error:
        # What the client itself cannot write as JSON.
        assert "JSON" in str(error) or "surrogates" in str(error) or "digits" in str(error)  # noqa: PT017


@pytest.mark.parametrize("route", CHANGING, ids=IDS)
@FEW
@given(
    body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "x"])
)
def test_any_bytes_are_answered_and_a_refusal_changes_nothing(shared_api, target, route, body, kind):
    check(shared_api, target, route.method, route.paths[0], content=body, headers={"content-type": kind})


@FEW
@given(
    query=st.lists(
        st.tuples(
            st.sampled_from(
                ["id", "query", "status", "project", "environment", "statsPeriod", "start", "end", "limit", "dryRun"]
            ),
            st.text(max_size=20) | st.sampled_from(["1", "-1", "is:resolved", "14d", "9" * 30, "a:b OR"]),
        ),
        max_size=5,
    ),
    method=st.sampled_from(["PUT", "DELETE"]),
)
def test_any_selection_is_answered_and_a_refusal_changes_nothing(shared_api, target, query, method):
    body = {"json": {"status": "resolved"}} if method == "PUT" else {}
    check(shared_api, target, method, "/organizations/{org}/issues/", params=query, **body)


@pytest.fixture(scope="module")
def schema(shared_api):
    return schemathesis.openapi.from_dict(shared_api.client.get("/api/0/openapi.json").json())


@pytest.mark.parametrize("route", CHANGING, ids=IDS)
@FEW
@given(data=st.data())
def test_what_the_description_of_the_api_allows_is_answered(shared_api, target, schema, route, data):
    operation = schema["/api/0" + route.paths[0].replace(":str", "")][route.method]
    case = data.draw(operation.as_strategy())
    body = {} if case.body is schemathesis.core.NOT_SET else {"json": case.body}
    check(shared_api, target, route.method, route.paths[0], params=dict(case.query or {}), **body)
