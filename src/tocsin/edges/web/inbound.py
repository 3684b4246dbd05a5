"""The page "Inbound data" of a project: filters, allowed domains, privacy, and a trial of what is not saved yet."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidFields, NotFound, Refusal
from tocsin.domain.organization import Project
from tocsin.domain.privacy import privacy_of
from tocsin.domain.privacy.trial import Change, Trial, Tried
from tocsin.domain.settings import changed_project
from tocsin.edges.web import inbound_form, links
from tocsin.edges.web.inbound_form import Values, values_of_form, values_of_project
from tocsin.edges.web.notices import Notice
from tocsin.edges.web.plain import text_of
from tocsin.edges.web.rendering import redirect, show
from tocsin.edges.web.visit import Visit
from tocsin.flows.scrub_trial import try_scrubbing
from tocsin.storage.views import events

READERS = frozenset({Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN})
WRITERS = frozenset({Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN})
_DONE = {"x": "removed", "s": "replaced", "m": "masked", "e": "hashed"}
_PATH = "/organizations/{org:str}/settings/projects/{project:str}/inbound"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the rules would take out."""

    path: str
    done: str
    rule: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial showed."""

    subject: str
    taken: tuple[Taken, ...]
    left: str
    slow_rules: tuple[str, ...]


@get(_PATH, sync_to_thread=True)
def inbound(visit: NamedDependency[Visit], project: FromPath[str]) -> Response[str]:
    """Show what a project keeps out; only who may change the project can change it."""
    visit.reach.require(READERS)
    known = _project(visit, project)
    return _show(visit, known, values_of_project(known))


@post(_PATH, status_code=200, sync_to_thread=True)
def change_inbound(visit: NamedDependency[Visit], project: FromPath[str]) -> Response[str]:
    """Save the form and go back to it, or try it; what cannot be read is told beside its field."""
    visit.reach.require(WRITERS)
    known, values = _project(visit, project), values_of_form(visit.form)
    try:
        if visit.form.one("action") == "try":
            return _show(visit, known, values, result=_tried(visit, known, values))
        visit.services.configure.project(known.id, values.body(), visit.user.id, visit.now)
    except InvalidFields as invalid:
        return _show(visit, known, values, faults=dict(_faults(invalid.errors)))
    except Refusal as refusal:
        return _show(visit, known, values, faults={"trial": refusal.detail})
    saved = Notice("Saved. It holds for the next event that arrives.")
    return redirect(visit.services, links.inbound(visit.reach.organization.slug, known.slug), saved)


def _project(visit: Visit, reference: str) -> Project:
    known = visit.reach.project(reference)
    if known is None:
        raise NotFound
    return known


def _show(
    visit: Visit,
    project: Project,
    values: Values,
    *,
    faults: Mapping[str, str] | None = None,
    result: Result | None = None,
) -> Response[str]:
    return show(
        visit,
        "inbound.html",
        status=400 if faults else 200,
        project=project,
        form=inbound_form,
        values=values,
        faults=faults or {},
        result=result,
        trial_text=visit.form.one("trial"),
        may_change=bool(visit.reach.scopes & WRITERS),
    )


def _faults(errors: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield each field that cannot be read, wherever it stands, and why."""
    for name, told in errors.items():
        if isinstance(told, Mapping):
            yield from _faults(told)
        else:
            yield name, " ".join(str(text) for text in told) if isinstance(told, list) else str(told)


def _tried(visit: Visit, project: Project, values: Values) -> Result:
    """Return what the form would take out. Raises InvalidFields, and Malformed for an event that cannot be read."""
    options = changed_project(project, values.body(), visit.now).options
    subject, event = _subject(visit, project)
    privacy = privacy_of(visit.reach.organization.options, options)
    tried = try_scrubbing(Trial(event=event, privacy=privacy, received=visit.now))
    return Result(
        subject=subject,
        taken=tuple(_taken(change) for change in tried.changes),
        left=_left(tried, event),
        slow_rules=tuple(tried.slow_rules),
    )


def _subject(visit: Visit, project: Project) -> tuple[str, dict[str, Any]]:
    """Return what is tried: what was pasted, else the newest event. Raises InvalidFields when there is none."""
    pasted = visit.form.one("trial").strip()
    if pasted:
        return "the pasted text", _event(pasted) or {"extra": {"text": pasted}}
    newest = events.events_of_project(visit.services.views, project, events.EventQuestion(limit=1), visit.now)
    if not newest:
        raise InvalidFields({"trial": ["This project has no event yet. Paste a text or an event to try."]})
    stored: dict[str, Any] = msgspec.json.decode(newest[0].event.payload)
    return f"the latest event, {newest[0].event.event_id}", stored


def _event(pasted: str) -> dict[str, Any] | None:
    """Return the event that a text is, None for any other text."""
    try:
        return msgspec.json.decode(pasted, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


def _taken(change: Change) -> Taken:
    part = f", characters {change.start} to {change.end}" if change.start is not None else ""
    return Taken(path=change.path, done=_DONE.get(change.method, change.method) + part, rule=change.rule)


def _left(tried: Tried, event: Mapping[str, Any]) -> str:
    """Return what would be stored: of a text the text, else the whole event as JSON."""
    is_text = event.keys() == {"extra"} and event["extra"].keys() == {"text"}
    return text_of(tried.event.get("extra", {}).get("text") if is_text else tried.event)
