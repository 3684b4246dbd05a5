"""Ownership rules for screens."""

from tocsin.domain.organization import Project
from tocsin.domain.ownership import Ownership
from tocsin.storage.state import ownership
from tocsin.storage.views.stores import Views


def rules_of(views: Views, project: Project) -> Ownership:
    """Return the rules of the project; those of a new one are empty."""
    with views.state.read() as connection:
        kept = ownership.of_projects(connection, [project.id]).get(project.id)
    made = project.created_at
    return kept or Ownership(project_id=project.id, created_at=made, updated_at=made)
