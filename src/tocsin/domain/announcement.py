"""What a person or a build server tells of a release: that it exists, what is in it, where it runs.

Read from the bodies of requests (spec/search.md 5.12, spec/clients.md), leniently about what may be absent.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tocsin.domain.errors import InvalidFields
from tocsin.domain.issue.fields import Rejected, choice, fields, nullable, text
from tocsin.domain.release.commit import ChangedFile
from tocsin.domain.release.release import Release

VERSION_CHARS_MAX: Final = 200
LINE_CHARS_MAX: Final = 250
"""The longest ref, name or e-mail address; a URL may have eight times as many characters."""
KEY_CHARS_MAX: Final = 64
MESSAGE_CHARS_MAX: Final = 65_536
"""Where the message of a commit is cut off."""
COMMITS_MAX: Final = 10_000
"""Commits, and heads, in one body."""
FILES_MAX: Final = 1_000
"""Changed files that are kept of one commit."""
PROJECTS_MAX: Final = 1_000

_RELEASE_STATUSES = frozenset({"open", "archived"})
_REPOSITORY_STATUSES = frozenset({"active", "hidden", "disabled"})
_FILE_TYPES = frozenset({"A", "M", "D"})
_NO_VERSIONS = frozenset({".", "..", "latest"})
_VERSION_BREAKERS = re.compile(r"[\n\r\t\f\v/\\]")
_ENVIRONMENT_BREAKERS = re.compile(r"[\n\r\f/]")
_MISSING = ["This field is required."]
_DATE_FAULT = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)

_Reader = Callable[[Any], Any]


class ToldCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit as it was told of."""

    key: str
    repository: str = ""
    """Its name; empty for the repository that stands for all commits without one."""
    message: str = ""
    author_name: str = ""
    author_email: str = ""
    committed_at: datetime | None = None
    files: tuple[ChangedFile, ...] = ()


class ToldHead(msgspec.Struct, frozen=True, kw_only=True):
    """The last commit of a release in a repository."""

    repository: str
    key: str


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a release; None and ``""`` where nothing is."""

    version: str = ""
    projects: tuple[str, ...] = ()
    """Slugs or ids."""
    ref: str = ""
    url: str = ""
    status: str = ""
    started_at: datetime | None = None
    released_at: datetime | None = None
    commits: tuple[ToldCommit, ...] | None = None
    """All that the release brought, newest first."""
    heads: tuple[ToldHead, ...] | None = None


class ToldDeploy(msgspec.Struct, frozen=True, kw_only=True):
    """A deploy as it was told of."""

    environment: str
    name: str = ""
    url: str = ""
    projects: tuple[str, ...] = ()
    """Slugs or ids; none for all of the release."""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ToldRepository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as it was told of; ``""`` where nothing is."""

    name: str = ""
    url: str = ""
    provider: str = ""
    status: str = ""


def read_announcement(body: Any, *, names_projects: bool) -> Announcement:
    """Return what the JSON *body* of a POST tells of a release. Raises InvalidFields with all faults at once.

    *names_projects*: whether it must name the projects, as the path does not. An empty list of commits or refs says
    nothing of them.
    """
    required = ("version", "projects") if names_projects else ("version",)
    sent = _read(_record({"version": _version, "projects": _projects, **_DETAILS}, required), body)
    told = _announcement(sent)
    return msgspec.structs.replace(told, commits=told.commits or None, heads=told.heads or None)


def read_amendment(body: Any) -> Announcement:
    """Return what the JSON *body* of a PUT tells of a release that exists. Raises InvalidFields.

    An empty list of commits, or of refs, takes away all commits.
    """
    told = _announcement(_read(_record(_DETAILS), body))
    return msgspec.structs.replace(told, commits=()) if told.heads == () and told.commits is None else told


def read_commits(body: Any) -> tuple[ToldCommit, ...]:
    """Return the commits that the JSON *body* adds to a release. Raises InvalidFields."""
    found: tuple[ToldCommit, ...] = _read(_record({"commits": _commits}, ("commits",)), body)["commits"]
    return found


def read_deploy(body: Any) -> ToldDeploy:
    """Return the deploy that the JSON *body* tells of. Raises InvalidFields."""
    sent = _read(_record(_DEPLOY, ("environment",)), body)
    return ToldDeploy(
        environment=sent["environment"],
        name=sent.get("name", ""),
        url=sent.get("url", ""),
        projects=sent.get("projects") or (),
        started_at=sent.get("dateStarted"),
        finished_at=sent.get("dateFinished"),
    )


def read_new_repository(body: Any) -> ToldRepository:
    """Return the repository that the JSON *body* tells of. Raises InvalidFields."""
    return _repository(_read(_record({**_REPOSITORY, "name": _line}, ("name",)), body))


def read_repository(body: Any) -> ToldRepository:
    """Return what the JSON *body* tells of a repository that exists. Raises InvalidFields."""
    return _repository(_read(_record(_REPOSITORY), body))


def amended(release: Release, told: Announcement) -> Release:
    """Return *release* with what is told of it in place of what was known."""
    return msgspec.structs.replace(
        release,
        ref=told.ref or release.ref,
        url=told.url or release.url,
        status=told.status or release.status,
        started_at=told.started_at or release.started_at,
        released_at=told.released_at or release.released_at,
    )


def _announcement(sent: Mapping[str, Any]) -> Announcement:
    refs = sent.get("refs")
    return Announcement(
        version=sent.get("version", ""),
        projects=sent.get("projects") or (),
        ref=sent.get("ref", ""),
        url=sent.get("url", ""),
        status=sent.get("status") or "",
        started_at=sent.get("dateStarted"),
        released_at=sent.get("dateReleased"),
        commits=sent.get("commits"),
        heads=sent.get("headCommits") if refs is None else refs,
    )


def _repository(sent: Mapping[str, Any]) -> ToldRepository:
    return ToldRepository(**{name: value or "" for name, value in sent.items()})


def _read(reader: _Reader, body: Any) -> Any:
    try:
        return reader(body)
    except Rejected as rejected:
        faults = rejected.faults
        raise InvalidFields(faults if isinstance(faults, dict) else {"non_field_errors": faults}) from None


def _record(readers: Mapping[str, _Reader], required: Collection[str] = ()) -> _Reader:
    """Return the reader of an object whose fields *required* must be there, to say so with all other faults."""
    read_fields = fields(readers)

    def read(value: Any) -> dict[str, Any]:
        missing = {name: _MISSING for name in required if isinstance(value, Mapping) and name not in value}
        try:
            sent = read_fields(value)
        except Rejected as rejected:
            raise Rejected(
                rejected.faults | missing if isinstance(rejected.faults, dict) else rejected.faults
            ) from None
        if missing:
            raise Rejected({**missing})
        return sent

    return read


def _each(reader: _Reader, at_most: int) -> _Reader:
    """Return the reader of a list of that many items; faults are told by the place of the item."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Rejected([f'Expected a list of items but got type "{type(value).__name__}".'])
        if len(value) > at_most:
            raise Rejected([f"Ensure this field has no more than {at_most} elements."])
        values, faults = [], {}
        for place, item in enumerate(value):
            try:
                values.append(reader(item))
            except Rejected as rejected:
                faults[str(place)] = rejected.faults
        if faults:
            raise Rejected(faults)
        return tuple(values)

    return read


def _short(chars_max: int) -> Callable[[Any], str]:
    """Return the reader of a text that says something in so many characters."""

    def read(value: Any) -> str:
        trimmed = text(value)
        if "\0" in trimmed:
            raise Rejected(["Null characters are not allowed."])
        if len(trimmed) > chars_max:
            raise Rejected([f"Ensure this field has no more than {chars_max} characters."])
        return trimmed

    return read


def _optional(reader: _Reader) -> _Reader:
    """Return *reader* taking null and blanks for an absent text."""
    return lambda value: "" if value is None or (isinstance(value, str) and not value.strip()) else reader(value)


def _cut(chars_max: int) -> Callable[[Any], str]:
    """Return the reader of whatever text there is, as far as so many characters."""
    read = _optional(text)
    return lambda value: str(read(value))[:chars_max]


def _version(value: Any) -> str:
    version = _short(VERSION_CHARS_MAX)(value)
    if _VERSION_BREAKERS.search(version) or version.lower() in _NO_VERSIONS:
        raise Rejected([f"Release with name {version} is not allowed"])
    return version


def _environment(value: Any) -> str:
    name = _short(KEY_CHARS_MAX)(value)
    if _ENVIRONMENT_BREAKERS.search(name):
        raise Rejected(["Invalid value for environment"])
    return name


def _web_address(value: Any) -> str:
    address = _short(8 * LINE_CHARS_MAX)(value)
    if not address.lower().startswith(("http://", "https://")) or any(map(str.isspace, address)):
        raise Rejected(["Enter a valid URL."])
    return address


def _moment(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(text(value))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Rejected([_DATE_FAULT]) from None


def _files(value: Any) -> tuple[ChangedFile, ...]:
    """Read a patch set as far as it makes sense: it says little, and must not keep a release from being made."""
    sent = value if isinstance(value, list) else []
    found = (
        ChangedFile(path=item["path"], type=item["type"])
        for item in sent[:FILES_MAX]
        if isinstance(item, Mapping) and isinstance(item.get("path"), str) and item.get("type") in _FILE_TYPES
    )
    return tuple({file.path: file for file in found}.values())


def _commit(value: Any) -> ToldCommit:
    sent = _READ_COMMIT(value)
    return ToldCommit(
        key=sent["id"],
        repository=sent.get("repository", ""),
        message=sent.get("message", ""),
        author_name=sent.get("author_name", ""),
        author_email=sent.get("author_email", ""),
        committed_at=sent.get("timestamp"),
        files=sent.get("patch_set", ()),
    )


def _head(value: Any) -> ToldHead:
    """Read a ref; of a range of commits, ``from..to``, the last one counts."""
    sent = _READ_HEAD(value)
    return ToldHead(repository=sent["repository"], key=_key(sent["commit"].rpartition("..")[2]))


def _old_head(value: Any) -> ToldHead:
    sent = _READ_OLD_HEAD(value)
    return ToldHead(repository=sent["repository"], key=sent["currentId"])


_key = _short(KEY_CHARS_MAX)
_line = _short(LINE_CHARS_MAX)
_READ_COMMIT = _record(
    {
        "id": _key,
        "repository": _optional(_line),
        "message": _cut(MESSAGE_CHARS_MAX),
        "author_name": _cut(LINE_CHARS_MAX),
        "author_email": _cut(LINE_CHARS_MAX),
        "timestamp": nullable(_moment),
        "patch_set": _files,
    },
    ("id",),
)
_READ_HEAD = _record({"repository": _line, "commit": _short(3 * KEY_CHARS_MAX)}, ("repository", "commit"))
_READ_OLD_HEAD = _record({"repository": _line, "currentId": _key}, ("repository", "currentId"))
_commits = _each(_commit, COMMITS_MAX)
_projects = _each(text, PROJECTS_MAX)
_DETAILS: Mapping[str, _Reader] = {
    "ref": _optional(_line),
    "url": _optional(_web_address),
    "status": nullable(choice(_RELEASE_STATUSES)),
    "dateStarted": nullable(_moment),
    "dateReleased": nullable(_moment),
    "commits": nullable(_commits),
    "refs": nullable(_each(_head, COMMITS_MAX)),
    "headCommits": nullable(_each(_old_head, COMMITS_MAX)),
}
_DEPLOY: Mapping[str, _Reader] = {
    "environment": _environment,
    "name": _optional(_line),
    "url": _optional(_web_address),
    "projects": nullable(_projects),
    "dateStarted": nullable(_moment),
    "dateFinished": nullable(_moment),
}
_REPOSITORY: Mapping[str, _Reader] = {
    "name": _optional(_line),
    "url": _optional(_web_address),
    "provider": _optional(_line),
    "status": nullable(choice(_REPOSITORY_STATUSES)),
}
