"""Which issues were merged into which: a tree, with all that it takes to take it apart."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NewType

import msgspec
from sqlalchemy import Connection, RowMapping, Select, delete, insert, literal, select, update

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import IssueId, UserId
from tocsin.domain.issue.merging import ChildBefore, ParentBefore
from tocsin.storage.state.rows import portions
from tocsin.storage.state.tables import issue_merge

MergeId = NewType("MergeId", int)


class NewMerge(msgspec.Struct, frozen=True, kw_only=True):
    """One child going into a parent, not stored yet."""

    parent_id: IssueId
    child_id: IssueId
    mutation_id: int | None = None
    """The command that did it, where commands are recorded."""
    hashes: tuple[GroupingHash, ...]
    """Those that went from the child to the parent."""
    parent_before: ParentBefore
    child_before: ChildBefore
    actor_id: UserId | None = None
    created_at: datetime
    """Events digested before this were the child's own."""


class Merge(NewMerge, frozen=True, kw_only=True):
    """One child in its parent."""

    id: MergeId
    """Later merges have greater ids."""


def add(connection: Connection, new: Sequence[NewMerge]) -> None:
    """Store merges, in the order given."""
    if new:
        connection.execute(insert(issue_merge), [_row(one) for one in new])


def of_parents(connection: Connection, parent_ids: Iterable[IssueId]) -> dict[IssueId, list[Merge]]:
    """Return the merges into each of the issues, oldest first; an issue that holds no other has no entry."""
    found: dict[IssueId, list[Merge]] = {}
    for some in portions(parent_ids):
        query = select(issue_merge).where(issue_merge.c.parent_id.in_(some)).order_by(issue_merge.c.id)
        for row in connection.execute(query).mappings():
            found.setdefault(row["parent_id"], []).append(_merge(row))
    return found


def of_mutation(connection: Connection, mutation_id: int) -> list[Merge]:
    """Return the merges that one recorded command made and that were not taken apart since, oldest first."""
    query = select(issue_merge).where(issue_merge.c.mutation_id == mutation_id).order_by(issue_merge.c.id)
    return [_merge(row) for row in connection.execute(query).mappings()]


def remove(connection: Connection, ids: Iterable[MergeId]) -> None:
    """Forget merges that were taken apart."""
    for some in portions(ids):
        connection.execute(delete(issue_merge).where(issue_merge.c.id.in_(some)))


def remember(connection: Connection, merge_id: MergeId, before: ParentBefore) -> None:
    """Replace what a merge remembers of its parent."""
    stored = update(issue_merge).where(issue_merge.c.id == merge_id)
    connection.execute(stored.values(parent_before=_plain(before)))


def let_go(connection: Connection, merge_id: MergeId, hashes: Sequence[GroupingHash]) -> None:
    """Keep only *hashes* as those that went from the child to the parent: others have moved on."""
    connection.execute(update(issue_merge).where(issue_merge.c.id == merge_id).values(hashes=list(hashes)))


def inside(connection: Connection, issue_ids: Iterable[IssueId]) -> dict[IssueId, list[IssueId]]:
    """Return all issues inside each of the given ones, however deep; one that holds no other has no entry."""
    found: dict[IssueId, list[IssueId]] = {}
    for some in portions(issue_ids):
        direct = select(issue_merge.c.parent_id.label("root"), issue_merge.c.child_id)
        tree = direct.where(issue_merge.c.parent_id.in_(some)).cte("tree", recursive=True)
        deeper = select(tree.c.root, issue_merge.c.child_id).join(tree, issue_merge.c.parent_id == tree.c.child_id)
        tree = tree.union_all(deeper)
        for root, child_id in connection.execute(select(tree.c.root, tree.c.child_id)):
            found.setdefault(root, []).append(child_id)
    return found


def all_inside(issue_id: IssueId) -> Select[IssueId]:
    """Return the query for all issues inside *issue_id*, however deep."""
    direct = select(issue_merge.c.child_id).where(issue_merge.c.parent_id == issue_id)
    tree = direct.cte("family", recursive=True)
    tree = tree.union_all(select(issue_merge.c.child_id).join(tree, issue_merge.c.parent_id == tree.c.child_id))
    return select(tree.c.child_id)


def around(connection: Connection, issue_id: IssueId) -> list[IssueId]:
    """Return the issues that *issue_id* is inside of, the nearest first."""
    direct = select(issue_merge.c.parent_id, literal(1).label("depth"))
    chain = direct.where(issue_merge.c.child_id == issue_id).cte("chain", recursive=True)
    higher = select(issue_merge.c.parent_id, chain.c.depth + 1)
    chain = chain.union_all(higher.join(chain, issue_merge.c.child_id == chain.c.parent_id))
    return list(connection.execute(select(chain.c.parent_id).order_by(chain.c.depth)).scalars())


def _row(one: NewMerge) -> dict[str, Any]:
    return msgspec.structs.asdict(one) | {
        "hashes": list(one.hashes),
        "parent_before": _plain(one.parent_before),
        "child_before": _plain(one.child_before),
    }


def _plain(before: ParentBefore | ChildBefore) -> Any:
    return msgspec.to_builtins(before, str_keys=True)


def _merge(row: RowMapping) -> Merge:
    read: Mapping[str, type] = {"parent_before": ParentBefore, "child_before": ChildBefore}
    fields: dict[str, Any] = {name: row[name] for name in Merge.__struct_fields__}
    fields |= {name: msgspec.convert(row[name], kind, str_keys=True) for name, kind in read.items()}
    return Merge(**fields | {"hashes": tuple(row["hashes"])})
