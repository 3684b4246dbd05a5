"""URLs of our own pages, relative to the root of the site."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

Query = Iterable[tuple[str, str]]


def with_query(path: str, query: Query) -> str:
    """Return *path* with those parameters of *query* that say something; an empty search text says "everything"."""
    text = urlencode([(key, value) for key, value in query if value or key == "query"])
    return f"{path}?{text}" if text else path


def replaced(query: Query, /, **values: str | None) -> list[tuple[str, str]]:
    """Return *query* with *values* in the place of parameters of their names; None takes a parameter away."""
    kept = [(key, value) for key, value in query if key not in values]
    return kept + [(key, value) for key, value in values.items() if value is not None]


def stream(organization: str, query: Query = ()) -> str:
    """Return the path of an organization's issue list."""
    return with_query(f"/organizations/{quote(organization, safe='')}/issues/", query)


def issue(organization: str, issue_id: int, query: Query = ()) -> str:
    """Return the path of an issue's page."""
    return with_query(f"/organizations/{quote(organization, safe='')}/issues/{issue_id}/", query)


def event(organization: str, issue_id: int, event_id: str, query: Query = ()) -> str:
    """Return the path of an issue's page that shows one event; also ``latest`` and ``oldest``."""
    path = f"/organizations/{quote(organization, safe='')}/issues/{issue_id}/events/{quote(event_id, safe='')}/"
    return with_query(path, query)


def releases(organization: str, query: Query = ()) -> str:
    """Return the path of an organization's list of releases."""
    return with_query(f"/organizations/{quote(organization, safe='')}/releases/", query)


def release(organization: str, version: str, query: Query = ()) -> str:
    """Return the path of a release's page."""
    return with_query(f"/organizations/{quote(organization, safe='')}/releases/{quote(version, safe='')}/", query)


def grouping(organization: str, project: str) -> str:
    """Return the path of the page about the grouping of a project."""
    return f"/organizations/{quote(organization, safe='')}/projects/{quote(project, safe='')}/grouping/"


def monitors(organization: str) -> str:
    """Return the path of an organization's monitors."""
    return f"/organizations/{quote(organization, safe='')}/monitors/"


def monitor(organization: str, monitor_id: int) -> str:
    """Return the path of a monitor's page."""
    return f"{monitors(organization)}{monitor_id}/"


def inbound(organization: str, project: str) -> str:
    """Return the path of a project's page "Inbound data"."""
    return f"/organizations/{quote(organization, safe='')}/settings/projects/{quote(project, safe='')}/inbound/"


def share(share_id: str) -> str:
    """Return the path of the page that anybody may see of a shared issue."""
    return f"/share/issue/{share_id}/"


def is_local(path: str) -> bool:
    """Say whether a browser that is sent to *path* stays on this site."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


FILTERS: dict[str, Any] = {"replaced": replaced, "with_query": with_query}
