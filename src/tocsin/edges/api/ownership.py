"""The ownership rules of a project (spec/search.md 6)."""

from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema

from tocsin.domain.ownership import AutoAssignment, Ownership, Rule, parse_rules
from tocsin.edges.api.call import Call
from tocsin.edges.api.projects import PROJECT_READ
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.instants import iso
from tocsin.storage.views import ownership


def show_ownership(call: NamedDependency[Call]) -> Response[Any]:
    """Show whose code is whose in a project."""
    return Response(_object(ownership.rules_of(call.services.views, call.project)))


def change_ownership(call: NamedDependency[Call]) -> Response[Any]:
    """Say whose code is whose in a project, and whether new issues are assigned accordingly."""
    changed = call.services.ownership.change(call.project, call.fields(), call.now)
    return Response(_object(changed), status_code=202)


def _object(kept: Ownership) -> dict[str, Any]:
    return {
        "raw": kept.raw,
        "fallthrough": kept.fallthrough,
        "dateCreated": iso(kept.created_at),
        "lastUpdated": iso(kept.updated_at),
        "isActive": kept.is_active,
        "autoAssignment": kept.auto_assignment,
        "codeownersAutoSync": False,
        "schema": {"$version": 1, "rules": [_rule(rule) for rule in parse_rules(kept.raw)]},
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "matcher": {"type": rule.matcher, "pattern": rule.pattern},
        "owners": [{"type": owner.kind, "identifier": owner.identifier} for owner in rule.owners],
    }


_YES_OR_NO = Schema(type=OpenAPIType.BOOLEAN)
_BODY = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "raw": Schema(type=OpenAPIType.STRING, description="A rule a line: matcher:pattern and owners."),
        "fallthrough": _YES_OR_NO,
        "autoAssignment": Schema(type=OpenAPIType.STRING, enum=[one.value for one in AutoAssignment]),
        "isActive": _YES_OR_NO,
    },
)
_PATHS = ("/projects/{org:str}/{project:str}/ownership",)

OWNERSHIP_ROUTES = (
    Route(method="GET", paths=_PATHS, handler=show_ownership, scopes=PROJECT_READ, tag="Projects"),
    Route(method="PUT", paths=_PATHS, handler=change_ownership, scopes=PROJECT_READ, tag="Projects", body=_BODY),
)
