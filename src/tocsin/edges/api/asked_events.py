"""Which events a table or a chart is about, read once for all of them (spec/search.md 5.16)."""

from typing import Annotated

import msgspec
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.organization import Project
from tocsin.domain.query.parse import parse_event_query
from tocsin.domain.query.window import Window
from tocsin.edges.api.asked import SearchText
from tocsin.edges.api.call import Call
from tocsin.storage.views import projects as project_views
from tocsin.storage.views.table import TableQuestion

DEFAULT_DATASET = "errors"
ERRORS = frozenset({DEFAULT_DATASET, "discover"})
DATASETS = ERRORS | {
    *("transactions", "spans", "logs", "ourlogs", "metrics", "metricsEnhanced", "issuePlatform", "profiles"),
    *("profileFunctions", "spansMetrics", "uptimeChecks", "uptime_results", "tracemetrics", "preprod"),
}
"""Datasets that clients ask for; all but errors are empty."""

Dataset = Annotated[str | None, QueryParameter(name="dataset", description="errors (default); others are empty.")]


class AskedEvents(msgspec.Struct, frozen=True, kw_only=True):
    """The events asked for, as far as a request can tell without looking anything up."""

    projects: tuple[Project, ...]
    window: Window
    environments: tuple[str, ...]
    text: str
    dataset: str

    def question(self, call: Call) -> TableQuestion:
        """Return which events these are. Raises InvalidQuery, and NotFound for an environment that nobody named."""
        if self.dataset not in DATASETS:
            raise InvalidQuery(f"dataset must be one of: {', '.join(sorted(DATASETS))}")
        if not project_views.knows_environments(call.services.views, call.reach.organization.id, self.environments):
            raise NotFound
        return TableQuestion(
            projects=self.projects if self.dataset in ERRORS else (),
            window=self.window,
            environments=self.environments,
            query=parse_event_query(self.text, now=call.now),
        )


def events(
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    text: SearchText = None,
    dataset: Dataset = None,
) -> AskedEvents:
    """Return the events asked for."""
    return AskedEvents(
        projects=projects,
        window=window,
        environments=environments,
        text=text or "",
        dataset=dataset or DEFAULT_DATASET,
    )


DEPENDENCIES = {"events": Provide(events, sync_to_thread=False)}
