"""All that decides what is made of the items of one project, as one value that worker processes are given."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tocsin.domain.filters import Filters, filters_of
from tocsin.domain.grouping import ProjectGrouping, grouping_of
from tocsin.domain.privacy import Privacy, privacy_of


class ProjectRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the options of a project and its organization amount to. Equal values treat items alike."""

    privacy: Privacy = Privacy()
    filters: Filters = Filters()
    grouping: ProjectGrouping = ProjectGrouping()


DEFAULT_PROJECT_RULES = ProjectRules()
"""For projects that never changed anything."""


def project_rules(organization: Mapping[str, Any], project: Mapping[str, Any]) -> ProjectRules:
    """Return what the options of both amount to."""
    return ProjectRules(
        privacy=privacy_of(organization, project), filters=filters_of(project), grouping=grouping_of(project)
    )
