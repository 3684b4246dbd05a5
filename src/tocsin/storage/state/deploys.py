"""Deploys of releases (spec/search.md 5.12)."""

from collections.abc import Collection

import msgspec
from msgspec import structs
from sqlalchemy import Connection, func, insert, select

from tocsin.domain.release.commit import Deploy, DeployId
from tocsin.domain.release.release import ReleaseId
from tocsin.storage.state.rows import all_as, columns_for, select_as
from tocsin.storage.state.tables import deploy


class DeploySummary(msgspec.Struct, frozen=True, kw_only=True):
    """How often a release was deployed, and when last."""

    count: int = 0
    last: Deploy | None = None


def create(connection: Connection, new: Deploy) -> Deploy:
    """Store a deploy and return it with its id; the id it carries is ignored."""
    values = structs.asdict(new)
    del values["id"]
    new_id = connection.execute(insert(deploy).values(values).returning(deploy.c.id)).scalar_one()
    return structs.replace(new, id=DeployId(new_id))


def page(connection: Connection, release_id: ReleaseId, *, limit: int, offset: int = 0) -> list[Deploy]:
    """Return the deploys of a release, finished last first."""
    query = select_as(Deploy, deploy).where(deploy.c.release_id == release_id)
    query = query.order_by(deploy.c.finished_at.desc(), deploy.c.id.desc())
    return [_tupled(one) for one in all_as(Deploy, connection.execute(query.limit(limit).offset(offset)))]


def summaries(connection: Connection, release_ids: Collection[ReleaseId]) -> dict[ReleaseId, DeploySummary]:
    """Return what the deploys of each release amount to; a release without any has no entry."""
    ordered = (deploy.c.finished_at.desc(), deploy.c.id.desc())
    place = func.row_number().over(partition_by=deploy.c.release_id, order_by=ordered).label("place")
    count = func.count().over(partition_by=deploy.c.release_id).label("count")
    ranked = select(place, count, *columns_for(Deploy, deploy)).where(deploy.c.release_id.in_(list(release_ids)))
    of_all = ranked.subquery()
    found: dict[ReleaseId, DeploySummary] = {}
    for row in connection.execute(select(of_all).where(of_all.c.place == 1)).mappings():
        last = Deploy(**{name: row[name] for name in Deploy.__struct_fields__})
        found[row["release_id"]] = DeploySummary(count=row["count"], last=_tupled(last))
    return found


def _tupled(one: Deploy) -> Deploy:
    return structs.replace(one, project_ids=tuple(one.project_ids))
