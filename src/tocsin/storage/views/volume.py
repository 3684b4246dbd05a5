"""How many events came in, for screens."""

from collections.abc import Sequence

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.query.window import Grid
from tocsin.storage.history import volume
from tocsin.storage.views.stores import Views


def received(views: Views, project_ids: Sequence[ProjectId], grid: Grid) -> dict[ProjectId, tuple[int, ...]]:
    """Return how many events of each project arrived in each interval; a project without any has no entry."""
    return volume.received(views.history, project_ids, grid) if project_ids else {}
