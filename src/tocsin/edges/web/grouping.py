"""The page about the grouping of a project: its rules, what others would change, and saving them."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidFields, Malformed, NotFound, Refusal
from tocsin.domain.grouping import CONFIGS, LATEST
from tocsin.domain.grouping.project import RULES_CHARS_MAX
from tocsin.domain.grouping.replay import Verdict
from tocsin.domain.organization import Project
from tocsin.edges.web import links
from tocsin.edges.web.notices import Notice
from tocsin.edges.web.rendering import Html, redirect, show
from tocsin.edges.web.visit import Visit
from tocsin.flows.replay.replay import OPTIONS

READERS = frozenset({Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN})
WRITERS = frozenset({Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN})


@get("/organizations/{org:str}/projects/{project:str}/grouping", sync_to_thread=True)
def grouping_page(visit: NamedDependency[Visit], project: FromPath[str]) -> Html:
    """Show the rules of a project."""
    visit.reach.require(READERS)
    return _shown(visit, _project(visit, project), {})


@post("/organizations/{org:str}/projects/{project:str}/grouping", status_code=200, sync_to_thread=True)
def change_grouping(visit: NamedDependency[Visit], project: FromPath[str]) -> Response[str]:
    """Show what the rules in the form would change, or save them."""
    visit.reach.require(WRITERS)
    one, sent = _project(visit, project), _sent(visit)
    try:
        match visit.form.one("action"):
            case "preview":
                return _shown(visit, one, sent, verdict=visit.services.replay(one.id, sent, visit.now))
            case "save":
                visit.services.configure.project(one.id, sent, visit.user.id, visit.now)
            case action:
                raise Malformed(f"There is no action {action!r}. Reload the page and use its buttons.")
    except InvalidFields as refusal:
        return _shown(visit, one, sent, faults=refusal.errors, status=400)
    except Refusal as refusal:
        return _shown(visit, one, sent, faults={"": [refusal.detail]}, status=400)
    notice = Notice("Saved. The rules hold from the next event on; events there are stay where they are.")
    return redirect(visit.services, links.grouping(visit.reach.organization.slug, one.slug), notice)


def _project(visit: Visit, reference: str) -> Project:
    project = visit.reach.project(reference)
    if project is None:
        raise NotFound
    return project


def _sent(visit: Visit) -> dict[str, Any]:
    # Browsers end the lines of a text field with both characters.
    return {name: visit.form.one(name).replace("\r\n", "\n") for name in OPTIONS}


def _shown(
    visit: Visit,
    project: Project,
    sent: Mapping[str, Any],
    *,
    verdict: Verdict | None = None,
    faults: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Html:
    defaults = {"groupingConfig": LATEST}
    values = {name: project.options.get(name) or defaults.get(name, "") for name in OPTIONS}
    organization = visit.reach.organization.slug
    return show(
        visit,
        "grouping.html",
        status=status,
        project=project,
        values={**values, **sent},
        configs=tuple(CONFIGS)[::-1],
        verdict=verdict,
        faults=faults or {},
        may_write=not WRITERS.isdisjoint(visit.reach.scopes),
        rules_chars_max=RULES_CHARS_MAX,
        url=links.grouping(organization, project.slug),
        issue_url=lambda issue_id: links.issue(organization, int(issue_id)),
        event_url=lambda issue_id, event_id: links.event(organization, int(issue_id), event_id),
    )
