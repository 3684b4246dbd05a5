"""Environments as the API shows them (spec/search.md 5.17)."""

from typing import Any

from tocsin.domain.release.release import Environment


def environment_object(one: Environment) -> dict[str, Any]:
    """Return an environment as the organization lists it."""
    return {"id": str(one.id), "name": one.name}


def project_environment_object(one: Environment, *, is_hidden: bool) -> dict[str, Any]:
    """Return an environment as a project lists it."""
    return environment_object(one) | {"isHidden": is_hidden}
