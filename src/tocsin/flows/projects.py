"""Making, sharing and deleting projects (spec/search.md 5.10, 5.14, 5.17, 6)."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tocsin.domain.access import Scope
from tocsin.domain.caller import Reach
from tocsin.domain.errors import Conflict, Forbidden, InvalidFields, NotFound
from tocsin.domain.issue.fields import Rejected, boolean, read_fields, text
from tocsin.domain.issue.issue import ProjectId, TeamId
from tocsin.domain.naming import read_name, read_slug, slug_of
from tocsin.domain.organization import ClientKey, Project, Team, User
from tocsin.domain.release.release import Environment
from tocsin.storage.history.deletion import delete_project
from tocsin.storage.history.store import History
from tocsin.storage.state import (
    attachments,
    environments,
    issues,
    outbox,
    project_keys,
    projects,
    teams,
)
from tocsin.storage.state.engine import State, Transaction

KIND: Final = "project.remove"
LEASE = timedelta(minutes=10)
SETTLED_AFTER = timedelta(hours=1)
"""How long after a deletion a batch that state took in before it may still be on its way into history."""
ROWS_AT_A_TIME = 1000
ENVIRONMENTS_MAX = 1000
TAKEN = "A project with this slug already exists."
WRITERS = frozenset({Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN})

_PLATFORM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class Projects:
    """Makes, shares and deletes projects. Safe to share among threads."""

    def __init__(
        self,
        state: State,
        history: History,
        clock: Callable[[], datetime],
        new_key: Callable[[], str],
    ) -> None:
        self._state = state
        self._history = history
        self._clock = clock
        self._new_key = new_key

    def create(self, reach: Reach, team: str, body: Mapping[str, Any]) -> Project:
        """Make a project that a team looks after, with a key, and return it.

        Raises NotFound for an unknown team, InvalidFields, and Conflict for a slug that is taken.
        """
        fields = read_fields(body, _READERS, required=("name",))
        with self._state.write() as connection:
            return self._made(connection, reach, _team(connection, reach, team).id, fields)

    def create_with_team(self, reach: Reach, user: User, body: Mapping[str, Any]) -> tuple[Project, Team]:
        """Make a project, and a team of its own with *user* in it.

        Raises Forbidden where members may make no projects, InvalidFields, and Conflict for a slug that is taken.
        """
        if not (reach.scopes & WRITERS or reach.organization.options.get("allowMemberProjectCreation", True)):
            raise Forbidden("Your organization has disabled this feature for members.")
        fields = read_fields(body, _READERS, required=("name",))
        organization_id = reach.organization.id
        with self._state.write() as connection:
            taken = {team.slug for team in teams.in_organization(connection, organization_id)}
            slug = slug_of(f"team-{user.username.partition('@')[0]}", taken)
            team_id = teams.create(connection, organization_id, slug, slug, self._clock())
            teams.add_member(connection, team_id, user.id)
            project = self._made(connection, reach, team_id, fields)
            return project, teams.by_ids(connection, [team_id])[team_id]

    def add_team(self, reach: Reach, project: Project, team: str) -> None:
        """Let a team look after a project. Raises NotFound for an unknown team."""
        with self._state.write() as connection:
            teams.add_project(connection, _team(connection, reach, team).id, project.id)

    def remove_team(self, reach: Reach, project: Project, team: str) -> None:
        """Let a team look after a project no longer. Raises NotFound for an unknown team."""
        with self._state.write() as connection:
            teams.remove_project(connection, _team(connection, reach, team).id, project.id)

    def hide_environments(
        self, project: Project, names: Sequence[str] | None, body: Mapping[str, Any]
    ) -> list[tuple[Environment, bool]]:
        """Hide some of the project's environments, or all of them, from its lists, or show them again.

        Returns those, each with whether it is hidden. Raises NotFound for one nobody knows, and InvalidFields.
        """
        is_hidden = bool(read_fields(body, {"isHidden": boolean}, required=("isHidden",))["isHidden"])
        with self._state.write() as connection:
            known = {one.name: one for one, _ in environments.of_project(connection, project.id, ENVIRONMENTS_MAX)}
            if not set(names or ()) <= known.keys():
                raise NotFound
            wanted = [known[name] for name in (known if names is None else dict.fromkeys(names)) if name]
            for one in wanted:
                environments.set_hidden(connection, project.id, one.id, is_hidden=is_hidden)
        return [(one, is_hidden) for one in wanted]

    def remove(self, project: Project) -> None:
        """Take a project out of sight, refuse its keys, and leave the rest to :meth:`run`."""
        with self._state.write() as connection:
            now = self._clock()
            for key in project_keys.of_project(connection, project.id):
                project_keys.remove(connection, key.public_key)
            projects.save(connection, project.leaving())
            notice = outbox.Notice(kind=KIND, payload={"project_id": project.id})
            outbox.add(connection, [notice], now)

    def run(self, now: datetime) -> int:
        """Delete a piece of a project that is leaving; return how many that were, 0 when none is due.

        What a crash interrupts is done again after the lease; everything may be done twice. Each project is swept a
        second time when ``SETTLED_AFTER`` has passed.
        """
        with self._state.write() as connection:
            claimed = outbox.claim(connection, [KIND], now, lease=LEASE, limit=1)
        for one in claimed:
            project_id = ProjectId(one.payload["project_id"])
            is_empty = self._remove_files(project_id, now) and self._remove_issues(project_id)
            if is_empty:
                # Nobody else will ever own its events, so later ones may go too.
                delete_project(self._history, project_id, now + SETTLED_AFTER)
            with self._state.write() as connection:
                if is_empty:
                    projects.remove(connection, project_id)
                if is_empty and now - one.created_at >= SETTLED_AFTER:
                    outbox.done(connection, [one.id])
                else:
                    outbox.put_off(connection, [one.id], now + SETTLED_AFTER if is_empty else now)
        return len(claimed)

    def _made(self, connection: Transaction, reach: Reach, team_id: TeamId, fields: Mapping[str, Any]) -> Project:
        organization_id, now = reach.organization.id, self._clock()
        taken = {project.slug for project in projects.in_organizations(connection, [organization_id])}
        slug = fields.get("slug") or slug_of(fields["name"], taken)
        if not slug:
            raise InvalidFields({"name": ["Choose a name with letters, or a slug."]})
        if slug in taken:
            raise Conflict(TAKEN)
        project_id = projects.create(
            connection, organization_id, slug, fields["name"], now, platform=fields.get("platform", "")
        )
        teams.add_project(connection, team_id, project_id)
        key = ClientKey(
            project_id=project_id,
            public_key=self._new_key(),
            secret_key=self._new_key(),
            label="Default",
            created_at=now,
        )
        project_keys.create(connection, key)
        return projects.by_ids(connection, [project_id])[project_id]

    def _remove_files(self, project_id: ProjectId, now: datetime) -> bool:
        """Delete some of the project's files; return whether these were the last."""
        with self._state.write() as connection:
            some = attachments.newest(connection, project_id, limit=ROWS_AT_A_TIME)
            attachments.remove(connection, [file.id for file in some], now)
        return len(some) < ROWS_AT_A_TIME

    def _remove_issues(self, project_id: ProjectId) -> bool:
        """Delete some of the project's issues; return whether these were the last."""
        with self._state.write() as connection:
            some = issues.ids_of_project(connection, project_id, ROWS_AT_A_TIME)
            issues.remove(connection, some)
        return len(some) < ROWS_AT_A_TIME


def _team(connection: Transaction, reach: Reach, reference: str) -> Team:
    team = teams.by_reference(connection, reach.organization.id, reference)
    if team is None:
        raise NotFound
    return team


def _platform(value: Any) -> str:
    if value in (None, ""):
        return ""
    platform = text(value)
    if not _PLATFORM.fullmatch(platform):
        raise Rejected(["Invalid platform"])
    return platform


def _slug(value: Any) -> str:
    return "" if value in (None, "") else read_slug(value)


_READERS = {"name": read_name, "slug": _slug, "platform": _platform}
