"""Comments: the box on an issue's page, and the forms that edit and delete one's own."""

from collections.abc import Callable
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.errors import InvalidFields, Malformed, NotFound, Refusal
from tocsin.domain.issue.comments import TEXT_CHARS_MAX
from tocsin.domain.issue.issue import IssueId
from tocsin.edges.web import links
from tocsin.edges.web.changes import WRITERS
from tocsin.edges.web.notices import Notice
from tocsin.edges.web.rendering import redirect
from tocsin.edges.web.visit import Visit
from tocsin.storage.views import issues
from tocsin.storage.views.comments import comment_id

_NO_COMMENT = Notice(f"A comment needs some text, at most {TEXT_CHARS_MAX:,} characters.", is_refusal=True)
_GONE = Notice("This comment is gone, or somebody else's. Nothing was changed.", is_refusal=True)


@post("/organizations/{org:str}/issues/{issue_id:str}/comments", status_code=200, sync_to_thread=True)
def post_comment(visit: NamedDependency[Visit], issue_id: FromPath[str]) -> Response[str]:
    """Add a comment and go back to where the form was."""
    found = _issue_id(visit, issue_id)

    def act() -> Notice:
        visit.services.comment.post(found, _body(visit), visit.user.id, visit.now)
        return Notice("Comment added.")

    return _back(visit, found, act)


@post("/organizations/{org:str}/issues/{issue_id:str}/comments/{note_id:str}", status_code=200, sync_to_thread=True)
def change_comment(visit: NamedDependency[Visit], issue_id: FromPath[str], note_id: FromPath[str]) -> Response[str]:
    """Edit or delete a comment of one's own and go back to where the form was."""
    found = _issue_id(visit, issue_id)

    def act() -> Notice:
        comment, writer, known_id = visit.services.comment, visit.user.id, comment_id(note_id)
        match visit.form.one("action"):
            case "edit":
                comment.edit(found, known_id, _body(visit), writer)
                return Notice("Comment changed.")
            case "delete":
                comment.delete(found, known_id, writer, visit.now)
                return Notice("Comment deleted.")
            case action:
                raise Malformed(f"There is no action {action!r}. Reload the page and use its buttons.")

    return _back(visit, found, act)


def _issue_id(visit: Visit, reference: str) -> IssueId:
    visit.reach.require(WRITERS)
    issue, _ = issues.find(visit.services.views, visit.caller, visit.reach, reference)
    return issue.id


def _body(visit: Visit) -> dict[str, Any]:
    # Browsers end the lines of a text field with both characters.
    return {"text": visit.form.one("text").replace("\r\n", "\n")}


def _back(visit: Visit, issue_id: IssueId, act: Callable[[], Notice]) -> Response[str]:
    """Act, and say on the page where the form was what came of it."""
    wanted = visit.form.one("next")
    back = wanted if links.is_local(wanted) else links.issue(visit.reach.organization.slug, issue_id)
    return redirect(visit.services, back, _outcome(act))


def _outcome(act: Callable[[], Notice]) -> Notice:
    try:
        return act()
    except InvalidFields:
        return _NO_COMMENT
    except NotFound:
        return _GONE
    except Refusal as refusal:
        return Notice(refusal.detail, is_refusal=True)
