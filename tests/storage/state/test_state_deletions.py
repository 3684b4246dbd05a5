"""Deletions: who leaves, in which order they go, and that nothing of them stays (spec/mutation.md 7)."""

import shutil
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import Boolean, Integer, LargeBinary, Table, Text, func, insert, select
from tests.storage.state.conftest import ENGINES, NOW, Cast

from tocsin.domain.audit import AuditEvent
from tocsin.domain.issue.issue import InboxReason, IssueId, Status, UserId
from tocsin.storage.state import applied, audit, deletions, inbox, issue_hashes, issues, organizations, outbox, projects
from tocsin.storage.state.column_types import Hex, Json, Line, Moment, Word
from tocsin.storage.state.deletions import Removal, Request
from tocsin.storage.state.engine import State
from tocsin.storage.state.tables import issue as issue_table
from tocsin.storage.state.tables import issue_hash, issue_merge, metadata

LEASE = timedelta(minutes=10)


@pytest.fixture
def now(cast):
    return cast.issue().last_seen


@pytest.fixture
def by(cast) -> Request:
    return Request(organization_id=cast.organization_id, actor_id=cast.user_id)


def _made(tx, cast, *numbers: int, **fields) -> list[IssueId]:
    """Return new issues, each with a hash that says its number."""
    ids = issues.create(tx, [cast.issue(number, **fields) for number in numbers])
    keys = [(cast.project_id, f"{number:032x}") for number in numbers]
    issue_hashes.claim(tx, keys)
    issue_hashes.link(tx, dict(zip(keys, ids, strict=True)))
    return ids


def _merge(tx, cast, child: IssueId, parent: IssueId) -> None:
    tx.execute(
        insert(issue_merge).values(
            parent_id=parent,
            child_id=child,
            hashes=[],
            parent_before={},
            child_before={},
            created_at=cast.issue().last_seen,
        )
    )
    issues.retire(tx, [child], Status.PENDING_MERGE)


def _removals(tx, deletion_id, now) -> list[Removal]:
    found = outbox.claim(tx, [deletions.KIND], now, lease=LEASE, limit=100_000)
    removals = [msgspec.convert(one.payload, Removal) for one in found]
    return [one for one in removals if one.deletion_id == deletion_id]


def _statuses(tx, ids) -> list[Status]:
    found = issues.load(tx, ids)
    return [found[one].status for one in ids]


def test_issues_leave_at_once(state: State, cast, now, by) -> None:
    with state.write() as tx:
        one, other = _made(tx, cast, 1, 2)
        inbox.put(tx, {one: InboxReason.NEW, other: InboxReason.NEW}, now)
        deletion_id = deletions.begin(tx, [one], by, now)
        assert _statuses(tx, [one, other]) == [Status.PENDING_DELETION, Status.UNRESOLVED]
        assert issues.load(tx, [one])[one].substatus is None
        assert inbox.waiting(tx, [one, other]).keys() == {other}
        assert issue_hashes.by_issue(tx, [one])[one] == []
        assert deletions.by_id(tx, deletion_id) == deletions.Deletion(
            id=deletion_id,
            organization_id=cast.organization_id,
            actor_id=cast.user_id,
            issues=1,
            issues_deleted=0,
            events_deleted=0,
            created_at=now,
            finished_at=None,
        )


def test_what_is_leaving_already_and_what_never_was_is_left_alone(state: State, cast, now, by) -> None:
    with state.write() as tx:
        pending, under_way, merged = _made(tx, cast, 1, 2, 3)
        for one, status in [
            (pending, Status.PENDING_DELETION),
            (under_way, Status.DELETION_IN_PROGRESS),
            (merged, Status.PENDING_MERGE),
        ]:
            issues.retire(tx, [one], status)
        assert deletions.begin(tx, [pending, under_way, merged, IssueId(10**9)], by, now) is None
        assert deletions.begin(tx, [], by, now) is None
        assert audit.page(tx, cast.organization_id, limit=9) == []
        assert deletions.page(tx, cast.organization_id, offset=0, limit=9) == []


def test_those_seen_least_go_first(state: State, cast, now, by) -> None:
    with state.write() as tx:
        ids = issues.create(tx, [cast.issue(number, times_seen=seen) for number, seen in enumerate([5, 1, 9, 1])])
        deletion_id = deletions.begin(tx, ids, by, now)
        gone = [removal.issue_ids for removal in _removals(tx, deletion_id, now)]
    assert gone == [(ids[1],), (ids[3],), (ids[0],), (ids[2],)]


def test_every_issue_gets_one_line_in_the_audit_log(state: State, cast, now, by) -> None:
    """mutation-K06"""
    with state.write() as tx:
        one, other = _made(tx, cast, 1, 2)
        slug = projects.by_ids(tx, [cast.project_id])[cast.project_id].slug
        deletions.begin(tx, [one, other], by, now)
        deletions.begin(tx, [one], by, now)
        entries = [entry for _, entry in audit.page(tx, cast.organization_id, limit=9)]
    assert {entry.event for entry in entries} == {AuditEvent.ISSUE_DELETE}
    assert {entry.actor_id for entry in entries} == {cast.user_id}
    assert sorted(entry.data["issue_id"] for entry in entries) == [one, other]
    assert {entry.data["project_slug"] for entry in entries} == {slug}


def test_what_was_merged_into_an_issue_goes_with_it(state: State, cast, now, by) -> None:
    with state.write() as tx:
        parent, child, grandchild, stranger = _made(tx, cast, 1, 2, 3, 4)
        _merge(tx, cast, grandchild, child)
        _merge(tx, cast, child, parent)
        deletion_id = deletions.begin(tx, [parent, child], by, now)
        assert _statuses(tx, [parent, child, grandchild, stranger]) == [
            *[Status.PENDING_DELETION] * 3,
            Status.UNRESOLVED,
        ]
        [removal] = _removals(tx, deletion_id, now)
        assert removal.issue_ids == (parent, child, grandchild)
        assert sorted(removal.hashes) == [f"{number:032x}" for number in (1, 2, 3)]
        assert deletions.by_id(tx, deletion_id).issues == 1
        assert len(audit.page(tx, cast.organization_id, limit=9)) == 1


def test_a_deletion_parts_events_even_by_a_clock_that_is_behind(state: State, cast, now, by) -> None:
    ahead = now + timedelta(days=3650)
    with state.write() as tx:
        (one,) = _made(tx, cast, 1)
        applied.record(tx, f"{cast.project_id:032x}", ahead)
        deletion_id = deletions.begin(tx, [one], by, now)
        [removal] = _removals(tx, deletion_id, now)
        assert removal.digested_before == ahead + timedelta(microseconds=1)
        key = (cast.project_id, f"{1:032x}")
        assert issue_hashes.owners(tx, [key])[key].since == removal.digested_before


def test_progress_adds_up_and_ends(state: State, cast, now, by) -> None:
    with state.write() as tx:
        deletion_id = deletions.begin(tx, _made(tx, cast, 1, 2), by, now)
        deletions.credit(tx, deletion_id, now, events=7)
        deletions.credit(tx, deletion_id, now, issues=1)
        under_way = deletions.by_id(tx, deletion_id)
        deletions.credit(tx, deletion_id, now + LEASE, issues=1)
        deletions.credit(tx, deletion_id, now + 2 * LEASE, events=1)
        over = deletions.by_id(tx, deletion_id)
    assert (under_way.issues_deleted, under_way.events_deleted, under_way.finished_at) == (1, 7, None)
    assert (over.issues_deleted, over.events_deleted, over.finished_at) == (2, 8, now + LEASE)


def test_only_finished_deletions_are_forgotten(state: State, cast, now, by) -> None:
    with state.write() as tx:
        finished, unfinished = (deletions.begin(tx, _made(tx, cast, number), by, now) for number in (1, 2))
        deletions.credit(tx, finished, now, issues=1)
        deletions.prune(tx, now, 10_000)
        assert [one.id for one in deletions.page(tx, cast.organization_id, offset=0, limit=9)] == [unfinished, finished]
        deletions.prune(tx, now + LEASE, 10_000)
        assert [one.id for one in deletions.page(tx, cast.organization_id, offset=0, limit=9)] == [unfinished]


def test_the_audit_log_forgets_what_is_old(state: State, cast, now, by) -> None:
    with state.write() as tx:
        deletions.begin(tx, _made(tx, cast, 1), by, now)
        deletions.begin(tx, _made(tx, cast, 2), by, now + LEASE)
        audit.prune(tx, now + LEASE, 100_000)
        [(_, left)] = audit.page(tx, cast.organization_id, limit=9)
    assert left.created_at == now + LEASE


# That nothing of an issue stays


def _referring() -> list[tuple[Table, str]]:
    return [
        (table, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.column is issue_table.c.id for key in column.foreign_keys)
    ]


class _Filler:
    """Makes a row of any table, with the rows that it must refer to."""

    def __init__(self, tx, cast, issue_id: IssueId) -> None:
        self.tx = tx
        self.numbers = count(10**6 + issue_id * 1000)
        self.known = {
            "issue": issue_id,
            "organization": cast.organization_id,
            "project": cast.project_id,
            "user": cast.user_id,
        }

    def row(self, table: Table, referring: str = "") -> dict:
        values = {}
        for column in table.columns:
            keys = list(column.foreign_keys)
            if column.name == referring or (keys and not column.nullable):
                values[column.name] = self._id_of(keys[0].column.table)
            elif not column.nullable and not column.identity:
                values[column.name] = self._value(column)
        self.tx.execute(insert(table).values(values))
        return values

    def _id_of(self, table: Table) -> int:
        if table.name not in self.known:
            self.row(table)
            self.known[table.name] = self.tx.execute(select(func.max(table.c.id))).scalar_one()
        return self.known[table.name]

    def _value(self, column):
        kind, number = column.type, next(self.numbers)
        match kind:
            case Boolean():
                return True
            case Moment():
                return NOW
            case Json():
                return {}
            case Hex():
                return f"{number:032x}"
            case Word():
                return next(iter(kind.members))
            case Line() | Text():
                return str(number)
            case Integer():
                return number
            case LargeBinary():
                return b""
        raise TypeError(column)


@pytest.mark.parametrize(("table", "column"), _referring(), ids=lambda one: getattr(one, "name", one))
def test_no_row_of_any_table_refers_to_a_deleted_issue(state: State, cast, now, by, table, column) -> None:
    with state.write() as tx:
        one, other = _made(tx, cast, 1, 2)
        filler = _Filler(tx, cast, one)
        if table is issue_merge:
            _merge(tx, cast, other, one)
        else:
            filler.row(table, column)
        assert tx.execute(select(func.count()).select_from(table).where(table.c[column].in_([one, other]))).scalar()
        deletion_id = deletions.begin(tx, [one], by, now)
        [removal] = _removals(tx, deletion_id, now)
        issues.remove(tx, removal.issue_ids)
        left = tx.execute(select(func.count()).select_from(table).where(table.c[column] == one)).scalar()
    assert left == 0


def test_every_column_that_names_an_issue_is_known_to_the_store() -> None:
    referring = {(table.name, column) for table, column in _referring()}
    named = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("issue_id")
    }
    # What an issue was called before: the row itself hangs on what it became.
    assert named - referring == {("tombstone", "previous_issue_id"), ("issue_redirect", "previous_issue_id")}


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_large_deletion_keeps_in_memory_is_small(request, tmp_path, engine) -> None:
    if engine == "postgresql":
        url = request.getfixturevalue("cluster").copy()
    else:
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "state.db")
        url = f"sqlite:///{tmp_path}/state.db"
    number = 5_000
    with closing(State.open(url)) as state:
        with state.write() as tx:
            organization_id = organizations.create(tx, "acme", "Acme", NOW)
            project_id = projects.create(tx, organization_id, "pump", "Pump", NOW)
            cast = Cast(organization_id, project_id, UserId(0))
            ids = issues.create(tx, [cast.issue(one, metadata={"value": "x" * 1000}) for one in range(number)])
            rows = [{"project_id": project_id, "hash": f"{one:032x}", "issue_id": one} for one in ids]
            tx.execute(insert(issue_hash), rows)
        by = Request(organization_id=organization_id, actor_id=None)
        tracemalloc.start()
        with state.write() as tx:
            deletion_id = deletions.begin(tx, ids, by, NOW)
            peak_bytes = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert deletions.by_id(tx, deletion_id).issues == number
        assert peak_bytes < (4 << 20) + 500 * number


def _digest(state: State, cast, hashes: list[str]) -> list[tuple[IssueId, datetime]]:
    """Digest events as digest does, again and again; return which issue each went to, and when."""
    keys = [(cast.project_id, digits) for digits in hashes]
    digested = []
    for _ in range(15):
        with state.write() as tx:
            owners = issue_hashes.claim(tx, keys)
            at = max([NOW, *(owner.since for owner in owners.values() if owner.since)])
            owned = next((owner.issue_id for owner in owners.values() if owner.issue_id), None)
            if owned is None:
                [owned] = issues.create(tx, [cast.issue(projects.take_issue_numbers(tx, cast.project_id, 1))])
            else:
                issues.save(tx, list(issues.load(tx, [owned], lock=True).values()))
            issue_hashes.link(tx, dict.fromkeys(keys, owned))
            applied.record(tx, uuid4().hex, at)
        digested.append((owned, at))
    return digested


def _delete(state: State, cast, by: Request) -> dict[IssueId, datetime]:
    """Delete whatever issues there are, again and again; return the instant that parts each from what came after."""
    parted = {}
    for _ in range(15):
        with state.write() as tx:
            known = issues.by_numbers(tx, [(cast.project_id, number) for number in range(1, 200)])
            deletion_id = deletions.begin(tx, known.values(), by, NOW)
            for removal in _removals(tx, deletion_id, NOW):
                parted |= dict.fromkeys(removal.issue_ids, removal.digested_before)
    return parted


def test_events_and_deletions_at_the_same_time_never_wait_in_a_circle(state: State, cast, by) -> None:
    hashes = [f"{number:032x}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        digesting = [pool.submit(_digest, state, cast, order) for order in (hashes, hashes[::-1])]
        deleting = [pool.submit(_delete, state, cast, by) for _ in range(2)]
        digested = [one for running in digesting for one in running.result(60)]
        parted = {issue_id: at for running in deleting for issue_id, at in running.result(60).items()}
    with state.read() as tx:
        alive = issue_hashes.owners(tx, [(cast.project_id, hashes[0])])[cast.project_id, hashes[0]]
    assert parted
    for issue_id, at in digested:
        if issue_id in parted:
            assert at < parted[issue_id]
        else:
            assert issue_id == alive.issue_id
            assert alive.since is None or at >= alive.since
