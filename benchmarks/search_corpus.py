"""A large store to search: issues in state, events in history, the same at each run of the same sizes.

    .venv/bin/python -m benchmarks.search_corpus --issues 100000 --events 10000000 --keep DIR

Events are made inside the engine, each a function of its number, so that ten million take minutes. The busiest issue
has a tenth of them, half of the issues have fewer than fifty. Issues are born during 90 days and most of them die;
events become more frequent towards the end, which is when the store is made. State is then written from what history
tells.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.server import Server
from tocsin.domain.issue.issue import UNSAVED, Assignee, InboxReason, Issue, Priority, Status, Substatus
from tocsin.flows.upkeep import Upkeep
from tocsin.storage.history import schema
from tocsin.storage.history.store import History, HistoryLimits
from tocsin.storage.state import environments, inbox, issues, organizations, projects, releases, teams, users
from tocsin.storage.state.engine import State
from tocsin.storage.state.environments import IssueEnvironment
from tocsin.storage.state.releases import Deployed
from tocsin.storage.state.tables import issue_hash

PROJECTS = ("shop", "billing", "mailer", "gateway")
DAYS = 90
PORTION = 50_000
AT_A_TIME = 10_000
LIMITS = HistoryLimits(engine_memory_bytes_max=8 << 30, query_memory_bytes_max=6 << 30, query_seconds_max=600)

DIMENSIONS = {
    "environment": ("production", "production", "production", "staging", "canary"),
    "level": ("error", "error", "error", "error", "error", "error", "warning", "fatal"),
    "browser.name": ("Chrome", "Chrome", "Firefox", "Safari", "Edge"),
    "os": ("Linux", "Windows 11", "macOS 15", "Android 14", "iOS 18"),
    "region": ("eu-1", "us-2", "ap-3"),
    "http.status": ("400", "404", "500", "502"),
}
ERRORS = ("ValueError", "KeyError", "TypeError", "AttributeError", "IntegrityError", "TimeoutError", "RuntimeError")
WORDS = "account invoice payment order cart session token profile shipment ledger refund webhook tenant quota".split()  # noqa: SIM905


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a store was made of."""

    issues: int
    events: int
    made_at: datetime
    seconds: float
    busiest_hash: str


def drawn(salt: str, of: str = "number") -> str:
    """Return a number from 0 to 1 that depends on an event, or a group, and on what it is drawn for."""
    return f"(bitAnd(sipHash64({of}, '{salt}'), 4294967295) / 4294967296.)"


def picked(values: Sequence[str], salt: str, of: str = "number") -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"[{listed}][1 + toUInt8({drawn(salt, of)} * {len(values)})]"


def event_sql(issue_count: int, now: datetime) -> str:
    """Return the query that makes events of their numbers, column by column in the order of the schema."""
    dimensions = ", ".join(f"{picked(values, name)} AS `d_{name}`" for name, values in DIMENSIONS.items())
    word = picked(WORDS, "word", "g")
    tags = ", ".join(f"'{name}', `d_{name}`" for name in DIMENSIONS)
    columns = {
        "primary_hash": "hash",
        "hashes": "[hash]",
        "timestamp": "moment",
        "received": "moment + INTERVAL 1 SECOND",
        "digested_at": "moment + INTERVAL 2 SECOND",
        "event_id": "toFixedString(unhex(hex(MD5(concat('event', toString(number))))), 16)",
        "type": "'error'",
        "level": "d_level",
        "platform": "'python'",
        "logger": "'app'",
        "title": "concat(error, ': ', said)",
        "culprit": "concat('app.', word, ' in handle_', toString(g % 977))",
        "location": "concat('app/', word, '.py')",
        "message": "concat(said, ' ', error, ' app/', word, '.py ', error, ': ', said)",
        "metadata": 'concat(\'{"type":"\', error, \'","value":"\', said, \'"}\')',
        "transaction": "concat('/', word, '/')",
        "release": "version",
        "dist": "''",
        "environment": "d_environment",
        "user": "person",
        "handled": f"{drawn('handled')} < 0.3",
        "tags": f"CAST(map({tags}, 'release', version, 'user', person, 'server_name', server, 'tenant', tenant),"
        " 'Map(LowCardinality(String), String)')",
        "error_types": "[error]",
        "error_values": "[said]",
        "error_mechanisms": "['generic']",
        "stack_filenames": "[concat('app/', word, '.py'), 'app/main.py']",
        "stack_abs_paths": "[concat('/srv/app/', word, '.py'), '/srv/app/main.py']",
        "stack_functions": "[concat('handle_', toString(g % 977)), 'main']",
        "stack_modules": "[concat('app.', word), 'app.main']",
        "sdk_name": "'sentry.python'",
        "sdk_version": "'2.14.0'",
        "payload": 'concat(\'{"user":{"id":"\', substring(person, 4), \'"},"exception":{"values":[{"type":"\','
        ' error, \'","value":"\', said, \'","stacktrace":{"frames":[{"filename":"app/main.py","function":'
        '"main","lineno":7,"in_app":true},{"filename":"app/\', word, \'.py","function":"handle_\','
        ' toString(g % 977), \'","lineno":\', toString(g % 499), \',"in_app":true}]}}]},"contexts":{"trace":'
        '{"trace_id":"\', lower(hex(MD5(toString(number)))), \'"}}}\')',
    }
    listed = ", ".join(columns.get(name, f"`{name}`") for name in schema.EVENT_COLUMN_NAMES)
    return (
        f"SELECT {listed} FROM (SELECT *,"
        f" toFixedString(unhex(hex(MD5(toString(g)))), 16) AS hash, toUInt64(1 + bitAnd(g, 3)) AS project_id,"
        f" {picked(ERRORS, 'error', 'g')} AS error, {word} AS word,"
        " concat('no ', word, ' ', toString(g), ' for request ', toString(number)) AS said,"
        f" toDateTime64('{now:%Y-%m-%d %H:%M:%S}', 6, 'UTC') - toIntervalMicrosecond(toInt64(86400e6 *"
        f" (death + (birth - death) * (pow({drawn('moment')} + 0.05, 2) - 0.0025) / 1.1))) AS moment,"
        f" concat('shop@1.', toString(toUInt8({DAYS} - dateDiff('day', moment, toDateTime64("
        f"'{now:%Y-%m-%d %H:%M:%S}', 6, 'UTC')))), '.0') AS version,"
        f" concat('id:', toString(toUInt32(50000 * pow({drawn('user')}, 2)))) AS person,"
        f" concat('web-', toString(toUInt8(40 * {drawn('server')}))) AS server,"
        f" concat('tenant-', toString(toUInt16(2000 * pow({drawn('tenant')}, 3)))) AS tenant, {dimensions}"
        " FROM (SELECT *,"
        f" if(g < 20, {DAYS} - 1, 0.01 + {drawn('birth', 'g')} * ({DAYS} - 1.1)) AS birth,"
        f" if(g * 50 < {issue_count} OR {drawn('lives', 'g')} < 0.25, 0, birth * {drawn('death', 'g')}) AS death"
        " FROM (SELECT number,"
        f" toUInt32(if(number < {issue_count}, number, {issue_count} * pow({drawn('group')}, 5))) AS g"
        " FROM numbers({from:UInt64}, {count:UInt64}))))"
    )


def fill_history(history: History, issue_count: int, event_count: int, now: datetime) -> None:
    sql = event_sql(issue_count, now)
    for start in range(0, event_count, PORTION):
        count = min(PORTION, event_count - start)
        history.command(
            f"INSERT INTO event {sql} SETTINGS max_block_size = 65536, max_insert_threads = 1",
            {"from": start, "count": count},
        )
    while history.rows("SELECT count() FROM system.merges")[0][0]:
        time.sleep(0.2)


# State


def people(state: State, now: datetime) -> tuple[int, int, list[int], list[int]]:
    """Make all projects and some colleagues; return the organization, the team, the projects and the users."""
    with state.write() as connection:
        organization = organizations.by_slug(connection, "acme").id
        team = teams.ensure(connection, organization, "shop", "shop", now)
        ids = [projects.ensure(connection, organization, slug, slug, now, platform="python") for slug in PROJECTS]
        for project_id in ids:
            teams.add_project(connection, team, project_id)
        mine = users.by_email(connection, "a@example.com").id
        others = [users.create(connection, f"person{number}@example.com", now) for number in range(20)]
    assert ids == [1, 2, 3, 4]
    return organization, team, ids, [mine, *others]


def issue_of(number: int, row: Sequence, team: int, people_: Sequence[int]) -> Issue:
    project_id, name, events, first, last, first_release, last_release, level, title, culprit, message, metadata = row
    r = random.Random(name.hex())
    status, substatus, priority = state_of(r)
    assignee = Assignee(team_id=team) if r.random() < 0.1 else None
    if r.random() < 0.1:
        assignee = Assignee(user_id=r.choice(people_))
    return Issue(
        id=UNSAVED, project_id=project_id, number=number, status=status, substatus=substatus, priority=priority,
        level=level, logger="app", platform="python", type="error", title=title, culprit=culprit, message=message,
        metadata=json.loads(metadata), first_seen=first, last_seen=last, active_at=first, times_seen=events,
        first_release=first_release, last_release=last_release, assignee=assignee,
        resolved_at=last if status is Status.RESOLVED else None,
    )  # fmt: skip


def state_of(r: random.Random) -> tuple[Status, Substatus | None, Priority]:
    priority = r.choice((Priority.HIGH, Priority.MEDIUM, Priority.LOW))
    kind = r.random()
    if kind < 0.6:
        return Status.UNRESOLVED, r.choice((Substatus.NEW, Substatus.ONGOING, Substatus.ONGOING)), priority
    if kind < 0.85:
        return Status.RESOLVED, None, priority
    return Status.IGNORED, Substatus.ARCHIVED_FOREVER, priority


def fill_state(state: State, history: History, now: datetime) -> None:
    organization, team, project_ids, people_ = people(state, now)
    numbers = dict.fromkeys(project_ids, 0)
    known = fill_names(state, history, organization, project_ids)
    for rows in in_portions(issue_rows(history)):
        new = []
        for row in rows:
            numbers[row[0]] += 1
            new.append(issue_of(numbers[row[0]], row, team, people_))
        with state.write() as connection:
            ids = issues.create(connection, new)
            owned = [
                {"project_id": row[0], "hash": row[1].hex(), "issue_id": issue_id}
                for row, issue_id in zip(rows, ids, strict=True)
            ]
            connection.execute(issue_hash.insert(), owned)
            met = [
                IssueEnvironment(
                    issue_id=issue_id, environment_id=known[organization, name], first_seen=row[3], last_seen=row[4]
                )
                for row, issue_id in zip(rows, ids, strict=True)
                for name in random.Random(issue_id).sample(sorted(set(DIMENSIONS["environment"])), 2)
            ]
            environments.note_issues(connection, met)
            recent = [issue_id for row, issue_id in zip(rows, ids, strict=True) if row[3] > now - timedelta(days=5)]
            inbox.put(connection, dict.fromkeys(recent, InboxReason.NEW), now - timedelta(hours=1))
    with state.write() as connection:
        for project_id, used in numbers.items():
            projects.take_issue_numbers(connection, project_id, used)


def fill_names(
    state: State, history: History, organization: int, project_ids: Sequence[int]
) -> dict[tuple[int, str], int]:
    """Make the releases and the environments that events name; return the ids of the environments."""
    first = history.rows("SELECT project_id, release, min(timestamp) FROM event GROUP BY project_id, release")
    with state.write() as connection:
        releases.ensure(
            connection,
            [Deployed(organization_id=organization, project_id=one, version=name, at=at) for one, name, at in first],
        )
        used = [(organization, one, name) for one in project_ids for name in set(DIMENSIONS["environment"])]
        return environments.ensure(connection, used)


def issue_rows(history: History) -> list[Sequence]:
    return history.rows(
        "SELECT project_id, primary_hash, count(), min(timestamp) AS first, max(timestamp),"
        " argMin(release, timestamp), argMax(release, timestamp), argMax(level, timestamp), argMax(title, timestamp),"
        " argMax(culprit, timestamp), argMax(message, timestamp), argMax(metadata, timestamp)"
        " FROM event GROUP BY project_id, primary_hash ORDER BY first, primary_hash"
    )


def in_portions(rows: Sequence) -> Iterator[Sequence]:
    for start in range(0, len(rows), AT_A_TIME):
        yield rows[start : start + AT_A_TIME]


def build(folder: Path, issue_count: int, event_count: int) -> Made:
    """Make a store in *folder* that ``tocsin serve`` can open."""
    started = time.perf_counter()
    Server(str(folder))
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    state = State.open(f"sqlite:///{folder}/state.db")
    with History.open(f"chdb://{folder}/history", LIMITS) as history:
        fill_history(history, issue_count, event_count, now)
        fill_state(state, history, now)
        # As it is when the last of these weeks has been over for a day.
        Upkeep(history).run(datetime.now(UTC) + timedelta(days=1, hours=1))
        [[busiest]] = history.rows("SELECT primary_hash FROM event GROUP BY primary_hash ORDER BY count() DESC LIMIT 1")
    state.close()
    made = Made(
        issues=issue_count,
        events=event_count,
        made_at=now,
        seconds=time.perf_counter() - started,
        busiest_hash=busiest.hex(),
    )
    (folder / "corpus.json").write_bytes(msgspec.json.encode(made))
    return made


def kept(folder: Path, issue_count: int, event_count: int) -> Made:
    """Return what the store in *folder* is made of; make it unless there is one."""
    note = folder / "corpus.json"
    if not note.exists():
        folder.mkdir(parents=True, exist_ok=True)
        return build(folder, issue_count, event_count)
    made = msgspec.json.decode(note.read_bytes(), type=Made)
    if (made.issues, made.events) != (issue_count, event_count):
        raise SystemExit(f"{folder} holds {made.issues} issues and {made.events} events: name another or delete it")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--keep", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()
    made = kept(options.keep, options.issues, options.events)
    print(f"{made.events} events of {made.issues} issues made in {made.seconds:.0f} s at {made.made_at:%Y-%m-%d %H:%M}")


if __name__ == "__main__":
    main()
