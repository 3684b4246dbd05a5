"""How issues were found, for those who run the organization (docs/api.md, "explain")."""

from collections.abc import Sequence
from typing import Any

from tocsin.edges.api.serialize.instants import iso
from tocsin.flows.search import Explanation, IssueSearch


def explained(one: Explanation, wanted: IssueSearch, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the rows of a list with the plan they were found by, and the rows and the time of each step."""
    return {
        "plan": one.plan.value,
        "query": str(one.query),
        "answeredBy": one.places,
        "sort": one.sort,
        "projects": [project.slug for project in wanted.projects],
        "environments": None if wanted.environments is None else list(wanted.environments),
        "start": iso(one.window.start),
        "end": iso(one.window.end),
        "hits": one.hits,
        "milliseconds": one.milliseconds,
        "steps": [{"name": step.name, "rows": step.rows, "milliseconds": step.milliseconds} for step in one.steps],
        "issues": rows,
    }
