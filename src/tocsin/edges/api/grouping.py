"""Why an event belongs to its issue, and what other rules would change (docs/grouping-rules.md)."""

from typing import Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidFields, NotFound
from tocsin.domain.issue.fields import Rejected, integer
from tocsin.domain.organization import Project
from tocsin.edges.api.asked import read_event_id
from tocsin.edges.api.call import Call
from tocsin.edges.api.events import OF_ISSUES, OF_PROJECTS, issue_of
from tocsin.edges.api.routing import Route, any_of, issue_paths
from tocsin.edges.api.serialize.grouping import grouping_info
from tocsin.edges.api.settings_body import GROUPING_SETTINGS
from tocsin.flows.replay.replay import EVENTS_DEFAULT, EVENTS_MAX
from tocsin.storage.views import events
from tocsin.storage.views.events import FoundEvent, Which

PREVIEW = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        **GROUPING_SETTINGS,
        "events": Schema(
            type=OpenAPIType.INTEGER,
            minimum=1,
            maximum=EVENTS_MAX,
            description=f"How many of the newest events to look at; {EVENTS_DEFAULT} by default.",
        ),
    },
)


def show_grouping(call: NamedDependency[Call], event_id: FromPath[str]) -> Response[Any]:
    """Explain the hashes of an event of a project, by the rules that the project has now."""
    wanted = read_event_id(event_id)
    found = events.event_of_projects(call.services.views, [call.project.id], wanted) if wanted else None
    return _explained(found, call.project)


def show_issue_grouping(call: NamedDependency[Call], issue_id: FromPath[str], event_id: FromPath[str]) -> Response[Any]:
    """Explain the hashes of an event of an issue, by id or as latest, oldest or recommended."""
    issue, project, _ = issue_of(call, issue_id)
    views = call.services.views
    which = next((which for which in Which if which.value == event_id), None)
    if which is not None:
        question = events.EventQuestion()
        return _explained(events.chosen_of_issue(views, issue, project, which, question, call.now), project)
    wanted = read_event_id(event_id)
    return _explained(events.event_of_issue(views, issue, wanted) if wanted else None, project)


def preview_grouping(call: NamedDependency[Call]) -> Response[Any]:
    """Say which issues would split and which would merge if these rules were saved, judging by the newest events."""
    fields = call.fields()
    verdict = call.services.replay(call.project.id, fields, call.now, _events(fields))
    return Response(msgspec.to_builtins(verdict))


def _explained(found: FoundEvent | None, project: Project) -> Response[Any]:
    if found is None:
        raise NotFound("Event not found")
    return Response(grouping_info(found.event, project))


def _events(fields: dict[str, Any]) -> int:
    try:
        number = integer(fields.get("events", EVENTS_DEFAULT), at_most=EVENTS_MAX)
    except Rejected as rejected:
        raise InvalidFields({"events": rejected.faults}) from None
    if number < 1:
        raise InvalidFields({"events": ["Ensure this value is greater than or equal to 1."]})
    return number


_PROJECT = "/projects/{org:str}/{project:str}"

GROUPING_ROUTES = (
    Route(
        method="GET",
        paths=(f"{_PROJECT}/events/{{event_id:str}}/grouping-info",),
        handler=show_grouping,
        scopes=OF_PROJECTS,
        tag="Grouping",
    ),
    Route(
        method="GET",
        paths=issue_paths("/events/{event_id:str}/grouping-info"),
        handler=show_issue_grouping,
        scopes=OF_ISSUES,
        tag="Grouping",
    ),
    Route(
        method="POST",
        paths=(f"{_PROJECT}/grouping-preview",),
        handler=preview_grouping,
        scopes=any_of(Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN),
        tag="Grouping",
        body=PREVIEW,
    ),
)
