"""Try privacy options before they are saved (docs/privacy.md)."""

from typing import Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidFields
from tocsin.domain.privacy import privacy_of
from tocsin.domain.privacy.options import privacy_options
from tocsin.domain.privacy.trial import Trial
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of
from tocsin.flows.scrub_trial import try_scrubbing

PROJECT_WRITE = any_of(Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN)


def _of(type_: OpenAPIType, description: str, items: Schema | None = None) -> Schema:
    return Schema(type=type_, description=description, items=items)


_NAMES = Schema(type=OpenAPIType.STRING)
TRIAL = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "event": _of(OpenAPIType.OBJECT, "An event as an SDK sends it."),
        "text": _of(OpenAPIType.STRING, "Instead of an event: a text, tried as extra.text."),
        "relayPiiConfig": _of(OpenAPIType.STRING, "Advanced rules to try: JSON, or one rule on each line."),
        "sensitiveFields": _of(OpenAPIType.ARRAY, "Names of fields to take out.", _NAMES),
        "safeFields": _of(OpenAPIType.ARRAY, "Names of fields to leave alone.", _NAMES),
        "dataScrubber": _of(OpenAPIType.BOOLEAN, "Whether anything is scrubbed by default."),
        "dataScrubberDefaults": _of(OpenAPIType.BOOLEAN, "Whether the built-in rules apply."),
        "scrubIPAddresses": _of(OpenAPIType.BOOLEAN, "Whether IP addresses go."),
    },
)


def try_options(call: NamedDependency[Call]) -> Response[Any]:
    """Show what would be stored of an event with privacy options that are not saved yet.

    Options that the body does not name are those of the project; those of the organization always hold as well.
    """
    fields = call.fields()
    options = call.project.options | privacy_options(fields)
    trial = Trial(event=_event(fields), privacy=privacy_of(call.reach.organization.options, options), received=call.now)
    return Response(msgspec.to_builtins(try_scrubbing(trial)))


def _event(fields: dict[str, Any]) -> dict[str, Any]:
    event, text = fields.get("event"), fields.get("text")
    if isinstance(event, dict):
        return event
    if isinstance(text, str):
        return {"extra": {"text": text}}
    raise InvalidFields({"event": ["Send an event as an object, or a text."]})


PRIVACY_ROUTES = (
    Route(
        method="POST",
        paths=("/projects/{org:str}/{project:str}/scrubbing-test",),
        handler=try_options,
        scopes=PROJECT_WRITE,
        tag="Projects",
        body=TRIAL,
    ),
)
