"""Make organizations, teams, projects, users and tokens from the command line. Doing it twice changes nothing."""

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from tocsin.domain.access import ALL_SCOPES, Role, Scope
from tocsin.domain.audit import AuditEntry, AuditEvent
from tocsin.domain.errors import Malformed, NotFound
from tocsin.domain.issue.issue import ProjectId, UserId
from tocsin.domain.naming import NO_SLUG, is_slug
from tocsin.domain.organization import Organization, OrganizationId, User
from tocsin.lib.durable_file import make_directory, write_file
from tocsin.lib.passwords import hash_password
from tocsin.storage.state import audit, organizations, project_keys, projects, sessions, teams, tokens, users
from tocsin.storage.state.engine import State, Transaction

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
PASSWORD_LENGTH_MIN = 8


class AddedOrganization(msgspec.Struct, frozen=True):
    """Answer of ``tocsin org add``."""

    id: str
    slug: str


class AddedTeam(msgspec.Struct, frozen=True):
    """Answer of ``tocsin team add``."""

    id: str
    slug: str


class AddedProject(msgspec.Struct, frozen=True):
    """Answer of ``tocsin project add``."""

    id: str
    slug: str
    dsn: str


class AddedUser(msgspec.Struct, frozen=True):
    """Answer of ``tocsin user add``."""

    id: str
    username: str
    email: str


class WantedUser(msgspec.Struct, frozen=True, kw_only=True):
    """What ``tocsin user add`` asks for; ``""`` leaves what an existing user has."""

    email: str
    org: str
    role: str
    username: str = ""
    name: str = ""
    password: str = ""
    teams: Sequence[str] = ()


class AddedToken(msgspec.Struct, frozen=True):
    """Answer of ``tocsin token add``."""

    token: str


class FirstRun(msgspec.Struct, frozen=True):
    """Answer of ``tocsin init``; the password only when it was made up just now."""

    url: str
    org: str
    project: str
    project_id: str
    dsn: str
    token: str
    email: str
    password: str = ""


class Administration:
    """What an administrator may do without a browser, also while the server runs."""

    def __init__(self, state: State, public_url: str, directory: Path, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._url = public_url
        self._token_file = directory / "init-token"
        self._clock = clock

    def init(self, *, org: str, project: str, platform: str, email: str, password: str) -> FirstRun:
        """Make the first organization, team, project, owner and token, as far as they are missing."""
        _check_slug(org)
        _check_slug(project)
        _check_email(email)
        made_up = ""
        with self._state.read() as connection:
            known = users.by_email(connection, email)
            if not password and (known is None or not users.password_hash(connection, known.id)):
                made_up = secrets.token_urlsafe(12)
        self.add_organization(org)
        self.add_team(project, org=org)
        added = self.add_project(project, org=org, teams=[project], platform=platform)
        self.add_user(WantedUser(email=email, org=org, role=Role.OWNER, password=password or made_up, teams=[project]))
        return FirstRun(self._url, org, project, added.id, added.dsn, self._first_token(email), email, made_up)

    def add_organization(self, slug: str) -> AddedOrganization:
        """Make an organization, unless it exists."""
        _check_slug(slug)
        with self._state.write() as connection:
            is_new = organizations.by_slug(connection, slug) is None
            organization_id = organizations.ensure(connection, slug, slug, self._clock())
            if is_new:
                self._log(connection, AuditEvent.ORGANIZATION_CREATE, organization_id, organization_id, slug=slug)
        return AddedOrganization(str(organization_id), slug)

    def add_team(self, slug: str, *, org: str) -> AddedTeam:
        """Make a team, unless it exists. Raises NotFound for an unknown organization."""
        _check_slug(slug)
        with self._state.write() as connection:
            organization = _organization(connection, org)
            is_new = teams.by_slug(connection, organization.id, slug) is None
            team_id = teams.ensure(connection, organization.id, slug, slug, self._clock())
            if is_new:
                self._log(connection, AuditEvent.TEAM_CREATE, organization.id, team_id, slug=slug)
        return AddedTeam(str(team_id), slug)

    def add_project(self, slug: str, *, org: str, teams: Sequence[str], platform: str) -> AddedProject:
        """Make a project with a key and give it to *teams*, unless that is so. Raises NotFound for unknown names."""
        _check_slug(slug)
        now = self._clock()
        with self._state.write() as connection:
            organization = _organization(connection, org)
            is_new = projects.by_slug(connection, organization.id, slug) is None
            project_id = projects.ensure(connection, organization.id, slug, slug, now, platform=platform)
            if is_new:
                self._log(connection, AuditEvent.PROJECT_CREATE, organization.id, project_id, slug=slug)
            for team in teams:
                _add_to_team(connection, organization, team, project_id=project_id)
            key = project_keys.ensure(connection, project_id, secrets.token_hex(16), secrets.token_hex(16), now)
        return AddedProject(str(project_id), slug, dsn_of(self._url, key.public_key, project_id))

    def add_user(self, wanted: WantedUser) -> AddedUser:
        """Make a user and member; bring an existing one to this role, these teams and, if given, this password."""
        _check_email(wanted.email)
        role = _role(wanted.role)
        hashed = hash_password(_checked_password(wanted.password)) if wanted.password else ""
        now = self._clock()
        with self._state.write() as connection:
            organization = _organization(connection, wanted.org)
            user_id = users.ensure(connection, wanted.email, now)
            user = _named(connection, users.by_id(connection, user_id), wanted)
            self._set_member(connection, organization, user, role)
            for team in wanted.teams:
                _add_to_team(connection, organization, team, user_id=user_id)
            if hashed:
                users.set_password_hash(connection, user_id, hashed)
                sessions.end_all(connection, user_id)
        return AddedUser(str(user_id), user.username, user.email)

    def add_token(self, *, user: str = "", org: str = "", scopes: str) -> AddedToken:
        """Make a token for a user or for an organization.

        Raises NotFound for an unknown owner, Malformed for an unknown scope and unless there is exactly one owner.
        """
        if bool(user) == bool(org):
            raise Malformed("Say whose token it is to be: --user EMAIL or --org SLUG, one of the two.")
        grant = tokens.Grant(label="command line", scopes=read_scopes(scopes), created_at=self._clock())
        secret = tokens.token_text(secrets.token_bytes(tokens.TOKEN_RANDOM_BYTES))
        with self._state.write() as connection:
            if org:
                told = [_organization(connection, org)]
                grant = replace(grant, organization_id=told[0].id)
            else:
                owner = _user(connection, user)
                # It opens whatever organizations its owner is in.
                told = organizations.of_user(connection, owner.id)
                grant = replace(grant, user_id=owner.id)
            token_id = tokens.create(connection, secret, grant)
            for one in told:
                data = {"user": user or None, "scopes": sorted(grant.scopes)}
                self._log(connection, AuditEvent.TOKEN_CREATE, one.id, token_id, **data)
        return AddedToken(secret)

    def _set_member(self, connection: Transaction, organization: Organization, user: User, role: Role) -> None:
        """Make the user a member with the role, and write down what that changed."""
        known = organizations.member(connection, organization.id, user.id)
        member_id = organizations.set_member(connection, organization.id, user.id, role, self._clock())
        if known is None or known.role is not role:
            event = AuditEvent.MEMBER_ADD if known is None else AuditEvent.MEMBER_EDIT
            self._log(connection, event, organization.id, member_id, email=user.email, role=role)

    def _log(
        self,
        connection: Transaction,
        event: AuditEvent,
        organization_id: OrganizationId,
        target_id: int,
        **data: object,
    ) -> None:
        """Write down in the organization's audit log what the command line did."""
        entry = AuditEntry(
            organization_id=organization_id, event=event, target_id=target_id, data=data, created_at=self._clock()
        )
        audit.record(connection, [entry])

    def _first_token(self, email: str) -> str:
        """Return the token that ``init`` made before, if it still opens this account, else a new one."""
        if self._token_file.exists():
            secret = self._token_file.read_text(encoding="ascii").strip()
            with self._state.read() as connection:
                token = tokens.by_secret(connection, secret)
                is_valid = token is not None and token.is_valid(self._clock())
                owner = users.by_id(connection, token.user_id) if token and token.user_id and is_valid else None
            if owner is not None and owner.email == email.lower():
                return secret
        secret = self.add_token(user=email, scopes="all").token
        make_directory(self._token_file.parent)
        write_file(self._token_file, secret.encode(), mode=0o600)
        return secret


def dsn_of(public_url: str, public_key: str, project_id: int) -> str:
    """Return the DSN to give to an SDK (spec/ingest.md 1.2)."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{public_key}@{parts.netloc}{parts.path}/{project_id}"


def read_scopes(text: str) -> frozenset[Scope]:
    """Return the scopes of a comma list, or all of them for ``all``. Raises Malformed for one nobody knows."""
    if text.strip() == "all":
        return ALL_SCOPES
    try:
        return frozenset(Scope(word.strip()) for word in text.split(",") if word.strip())
    except ValueError as error:
        known = ", ".join(sorted(ALL_SCOPES))
        raise Malformed(f"{error}. The scopes are: {known}; or all.") from None


def _organization(connection: Transaction, slug: str) -> Organization:
    organization = organizations.by_slug(connection, slug)
    if organization is None:
        raise NotFound(f"No organization has the slug {slug}. Make it with `tocsin org add {slug}`.")
    return organization


def _user(connection: Transaction, email: str) -> User:
    user = users.by_email(connection, email)
    if user is None:
        raise NotFound(f"No user has the e-mail {email}. Make one with `tocsin user add`.")
    return user


def _add_to_team(
    connection: Transaction,
    organization: Organization,
    slug: str,
    *,
    project_id: ProjectId | None = None,
    user_id: UserId | None = None,
) -> None:
    team = teams.by_slug(connection, organization.id, slug)
    if team is None:
        raise NotFound(f"No team has the slug {slug}. Make it with `tocsin team add {slug} --org {organization.slug}`.")
    if project_id is not None:
        teams.add_project(connection, team.id, project_id)
    if user_id is not None:
        teams.add_member(connection, team.id, user_id)


def _named(connection: Transaction, user: User | None, wanted: WantedUser) -> User:
    if user is None:
        raise NotFound(f"The user {wanted.email} was deleted just now. Try again.")
    named = replace(user, username=wanted.username or user.username, name=wanted.name or user.name)
    if named != user:
        users.save(connection, named)
    return named


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise Malformed(f"{text!r} is no role. The roles are: {', '.join(Role)}.") from None


def _check_slug(slug: str) -> None:
    if not is_slug(slug):
        raise Malformed(f"{slug!r} is no slug. {NO_SLUG}")


def _check_email(email: str) -> None:
    if not _EMAIL.fullmatch(email):
        raise Malformed(f"{email!r} is no e-mail address. Write it like jane@example.com.")


def _checked_password(password: str) -> str:
    if len(password) < PASSWORD_LENGTH_MIN:
        raise Malformed(f"The password is too short. Use at least {PASSWORD_LENGTH_MIN} characters.")
    return password
