"""What may stand in the bodies that tell of releases, as the OpenAPI document shows it (spec/search.md 5.12)."""

from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Schema


def _text(description: str) -> Schema:
    return Schema(type=OpenAPIType.STRING, description=description)


def _moment(description: str) -> Schema:
    return Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME, description=description)


def _list(items: Schema, description: str) -> Schema:
    return Schema(type=OpenAPIType.ARRAY, items=items, description=description)


def _object(properties: dict[str, Schema], *required: str) -> Schema:
    return Schema(type=OpenAPIType.OBJECT, properties={**properties}, required=list(required) or None)


_PROJECTS = _list(_text("A slug or an id."), "The projects it is of.")
_COMMIT = _object(
    {
        "id": _text("The hash."),
        "repository": _text("The name of the repository."),
        "message": _text("Fixes SHORT-ID in it resolves that issue in the release."),
        "author_name": _text("Who made it."),
        "author_email": _text("The address of who made it."),
        "timestamp": _moment("When it was made."),
        "patch_set": _list(
            _object({"path": _text("The file."), "type": _text("A, M or D: added, modified or deleted.")}),
            "The files it changed.",
        ),
    },
    "id",
)
_COMMITS = _list(_COMMIT, "All its commits, newest first.")
_REF = _object(
    {
        "repository": _text("The name of a repository that exists."),
        "commit": _text("The hash of the release's last commit there."),
        "previousCommit": _text("The last commit of the release before."),
    },
    "repository",
    "commit",
)
_DETAILS = {
    "ref": _text("A branch, a tag or a hash."),
    "url": _text("Where people read about it."),
    "dateStarted": _moment("When work on it began."),
    "dateReleased": _moment("When it went live."),
    "status": Schema(type=OpenAPIType.STRING, enum=["open", "archived"]),
    "commits": _COMMITS,
    "refs": _list(_REF, "Its last commits."),
}
_VERSION = _text("The version, at most 200 characters.")
_REPOSITORY = {
    "name": _text("How commits name it."),
    "url": _text("Where people find it."),
    "provider": _text("Who hosts it."),
}

RELEASE = _object({"version": _VERSION, "projects": _PROJECTS, **_DETAILS}, "version", "projects")
PROJECT_RELEASE = _object({"version": _VERSION, **_DETAILS}, "version")
RELEASE_CHANGES = _object(_DETAILS)
COMMITS = _object({"commits": _COMMITS}, "commits")
DEPLOY = _object(
    {
        "environment": _text("Where it went: production, staging …"),
        "name": _text("What people call the deploy."),
        "url": _text("Where people read about it."),
        "projects": _PROJECTS,
        "dateStarted": _moment("When it began."),
        "dateFinished": _moment("When it was done; now unless given."),
    },
    "environment",
)
REPOSITORY = _object(_REPOSITORY, "name")
REPOSITORY_CHANGES = _object(
    {**_REPOSITORY, "status": Schema(type=OpenAPIType.STRING, enum=["active", "hidden", "disabled"])}
)
