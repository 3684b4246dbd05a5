"""Comments on issues, also called notes (spec/mutation.md 8.4)."""

from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath

from tocsin.domain.errors import Forbidden
from tocsin.domain.issue.comments import MENTIONS_MAX, TEXT_CHARS_MAX
from tocsin.edges.api.asked import Paging, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.issues import READ, WRITE, issue_of
from tocsin.edges.api.routing import Route, issue_paths
from tocsin.edges.api.serialize.activity import entry_object
from tocsin.storage.views.comments import comment_id, comments_of
from tocsin.storage.views.issues import Entry


def list_comments(
    call: NamedDependency[Call], issue_id: FromPath[str], paging: NamedDependency[Paging]
) -> Response[Any]:
    """List the comments on an issue, newest first."""
    issue, _ = issue_of(call, issue_id)
    page = comments_of(call.services.views, issue, paging.cursor, paging.limit)
    return paged(call, page, [entry_object(entry) for entry in page.rows])


def post_comment(call: NamedDependency[Call], issue_id: FromPath[str]) -> Response[Any]:
    """Comment on an issue, and subscribe to it and whom the comment mentions."""
    issue, _ = issue_of(call, issue_id, WRITE)
    writer = call.caller.user
    if writer is None:
        raise Forbidden("Key doesn't have permission to create Note")
    note_id, note = call.services.comment.post(issue.id, call.fields(), writer.id, call.now)
    return Response(entry_object(Entry(id=note_id, activity=note, user=writer)), status_code=201)


def edit_comment(call: NamedDependency[Call], issue_id: FromPath[str], note_id: FromPath[str]) -> Response[Any]:
    """Give a comment of one's own other words."""
    issue, _ = issue_of(call, issue_id, WRITE)
    known_id, writer = comment_id(note_id), call.user
    note = call.services.comment.edit(issue.id, known_id, call.fields(), writer.id)
    return Response(entry_object(Entry(id=known_id, activity=note, user=writer)))


def delete_comment(call: NamedDependency[Call], issue_id: FromPath[str], note_id: FromPath[str]) -> Response[None]:
    """Delete a comment of one's own."""
    issue, _ = issue_of(call, issue_id, WRITE)
    call.services.comment.delete(issue.id, comment_id(note_id), call.user.id, call.now)
    return Response(None, status_code=204)


_TEXT = Schema(type=OpenAPIType.STRING, max_length=TEXT_CHARS_MAX, description="What to say, in Markdown.")
_COMMENT = Schema(
    type=OpenAPIType.OBJECT,
    required=["text"],
    properties={
        "text": _TEXT,
        "mentions": Schema(
            type=OpenAPIType.ARRAY,
            items=Schema(type=OpenAPIType.STRING),
            max_items=MENTIONS_MAX,
            description="Who is to hear of it: user:ID or team:ID, on a team of the project.",
        ),
    },
)
_WORDS = Schema(type=OpenAPIType.OBJECT, required=["text"], properties={"text": _TEXT})
_TAG = "Comments"


def _paths(rest: str = "") -> tuple[str, ...]:
    return (*issue_paths(f"/comments{rest}"), *issue_paths(f"/notes{rest}"))


_NOTE = "/{note_id:str}"

COMMENT_ROUTES = (
    Route(method="GET", paths=_paths(), handler=list_comments, scopes=READ, tag=_TAG),
    Route(method="POST", paths=_paths(), handler=post_comment, scopes=WRITE, tag=_TAG, body=_COMMENT),
    Route(method="PUT", paths=_paths(_NOTE), handler=edit_comment, scopes=WRITE, tag=_TAG, body=_WORDS),
    Route(method="DELETE", paths=_paths(_NOTE), handler=delete_comment, scopes=WRITE, tag=_TAG),
)
