"""A monitor: a job that reports to us, of one project."""

from datetime import datetime

import msgspec

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.monitor.config import MonitorConfig
from tocsin.domain.monitor.environment import Expectation, MonitorId

MONITORS_MAX = 1000
"""In a project."""
ENVIRONMENTS_MAX = 50
"""Of a monitor."""


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a job whatever its environment."""

    id: MonitorId = MonitorId(0)
    """0 until it is stored."""
    project_id: ProjectId
    slug: str
    """Unique in the project."""
    name: str
    is_active: bool = True
    """Whether its check-ins are taken and missed ones noticed."""
    is_muted: bool = False
    """Whether its failures make no issues."""
    config: MonitorConfig
    created_at: datetime

    @property
    def expectation(self) -> Expectation:
        """What is expected of each of its environments."""
        return Expectation(config=self.config, is_muted=self.is_muted)
