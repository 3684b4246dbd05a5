"""Change settings: of an organization, of a project, of oneself. Each change is one transaction (spec/README.md)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from tocsin.domain.audit import AuditEntry, AuditEvent
from tocsin.domain.errors import Conflict, InvalidFields, NotFound
from tocsin.domain.issue.issue import ProjectId, UserId
from tocsin.domain.organization import Organization, OrganizationId, Project, User
from tocsin.domain.settings import changed_organization, changed_project, changed_user
from tocsin.storage.state import audit, organizations, projects, users
from tocsin.storage.state.engine import State


class Configure:
    """Changes settings. Safe to share among threads.

    Every method takes the body of a request and raises InvalidFields with nothing changed, and NotFound for what is
    gone. Whether the caller may do it is for the edge to check.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def organization(
        self, organization_id: OrganizationId, sent: Mapping[str, Any], actor_id: UserId | None, now: datetime
    ) -> Organization:
        """Change an organization and return it as it is then. The audit log names what was changed."""
        with self._state.write() as connection:
            before = organizations.by_id(connection, organization_id, lock=True)
            if before is None:
                raise NotFound
            changed = changed_organization(before, sent)
            with _naming_the_slug():
                organizations.save(connection, changed)
            audit.record(connection, _entries(AuditEvent.ORGANIZATION_EDIT, before, changed, actor_id, now))
        return changed

    def project(
        self, project_id: ProjectId, sent: Mapping[str, Any], actor_id: UserId | None, now: datetime
    ) -> Project:
        """Change a project and return it as it is then. The audit log names what was changed."""
        with self._state.write() as connection:
            before = projects.by_ids(connection, [project_id], lock=True).get(project_id)
            if before is None:
                raise NotFound
            changed = changed_project(before, sent, now)
            with _naming_the_slug():
                projects.save(connection, changed)
            audit.record(connection, _entries(AuditEvent.PROJECT_EDIT, before, changed, actor_id, now))
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


def _entries(
    event: AuditEvent,
    before: Organization | Project,
    changed: Organization | Project,
    actor_id: UserId | None,
    now: datetime,
) -> list[AuditEntry]:
    """Return the line for the audit log, none when everything stayed as it was."""
    names = _changed(before, changed)
    entry = AuditEntry(
        organization_id=changed.organization_id if isinstance(changed, Project) else changed.id,
        actor_id=actor_id,
        event=event,
        target_id=changed.id,
        data={"slug": changed.slug, "changed": names},
        created_at=now,
    )
    return [entry] if names else []


def _changed(before: Organization | Project, changed: Organization | Project) -> list[str]:
    """Return the names of what differs; the values may be secret, and long."""
    fields = [name for name in changed.__struct_fields__ if getattr(before, name) != getattr(changed, name)]
    known = before.options.keys() | changed.options.keys()
    options = [name for name in known if before.options.get(name) != changed.options.get(name)]
    return sorted({*fields, *options} - {"options"})


@contextmanager
def _naming_the_slug() -> Iterator[None]:
    """Say at the field ``slug`` that it is taken: nothing else that is changed here can be."""
    try:
        yield
    except Conflict as conflict:
        raise InvalidFields({"slug": [conflict.detail]}) from None
