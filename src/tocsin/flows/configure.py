"""Change settings: of an organization, of a project, of oneself. Each change is one transaction (spec/README.md)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tocsin.domain.errors import Conflict, InvalidFields, NotFound
from tocsin.domain.issue.issue import ProjectId, UserId
from tocsin.domain.organization import Organization, OrganizationId, Project, User
from tocsin.domain.settings import changed_organization, changed_project, changed_user
from tocsin.storage.state import organizations, projects, users
from tocsin.storage.state.engine import State


class Configure:
    """Changes settings. Safe to share among threads.

    Every method takes the body of a request and raises InvalidFields with nothing changed, and NotFound for what is
    gone. Whether the caller may do it is for the edge to check.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def organization(self, organization_id: OrganizationId, sent: Mapping[str, Any]) -> Organization:
        """Change an organization and return it as it is then."""
        with self._state.write() as connection:
            before = organizations.by_id(connection, organization_id, lock=True)
            if before is None:
                raise NotFound
            changed = changed_organization(before, sent)
            with _naming_the_slug():
                organizations.save(connection, changed)
        return changed

    def project(self, project_id: ProjectId, sent: Mapping[str, Any]) -> Project:
        """Change a project and return it as it is then."""
        with self._state.write() as connection:
            before = projects.by_ids(connection, [project_id], lock=True).get(project_id)
            if before is None:
                raise NotFound
            changed = changed_project(before, sent)
            with _naming_the_slug():
                projects.save(connection, changed)
        return changed

    def user(self, user_id: UserId, sent: Mapping[str, Any]) -> User:
        """Change a user and return them as they are then."""
        with self._state.write() as connection:
            before = users.by_id(connection, user_id, lock=True)
            if before is None:
                raise NotFound
            changed = changed_user(before, sent)
            users.save(connection, changed)
        return changed


@contextmanager
def _naming_the_slug() -> Iterator[None]:
    """Say at the field ``slug`` that it is taken: nothing else that is changed here can be."""
    try:
        yield
    except Conflict as conflict:
        raise InvalidFields({"slug": [conflict.detail]}) from None
