"""Sessions are counted as the worst that was told of each, whatever comes when and how often (spec/ingest.md 8.1)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.domain.query.window import Grid
from tocsin.domain.session.health import Health, Tally
from tocsin.domain.session.session import SessionBucket, SessionUpdate, Severity, Told
from tocsin.storage.history.deletion import delete_project, expire
from tocsin.storage.history.insert import insert_sessions
from tocsin.storage.history.sessions import Dimension, Sessions, health, series
from tocsin.storage.history.store import History

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
_projects = count(7_000_000)


def update(project_id: int, session: int, **fields: object) -> SessionUpdate:
    return SessionUpdate(**{"project_id": project_id, "release": "1.0", "started": NOON, "session": session} | fields)


def token() -> str:
    return f"sessions-{next(_projects)}"


def of(project_id: int, **fields: object) -> Sessions:
    return Sessions(project_ids=(project_id,), **fields)


def naive(told: Iterable[Told]) -> Health:
    """Count as the specification reads, one thing after the other."""
    begun: set[tuple[int, int]] = set()
    sessions: dict[tuple[int, int], Severity] = {}
    users: dict[int, Severity] = {}
    counted: dict[Severity, int] = defaultdict(int)
    for one in told:
        if one.user:
            users[one.user] = max(users.get(one.user, Severity.HEALTHY), one.severity)
        if isinstance(one, SessionBucket):
            for severity, number in enumerate(one.counts):
                counted[Severity(severity)] += number
        else:
            key = one.project_id, one.session
            sessions[key] = max(sessions.get(key, Severity.HEALTHY), one.severity)
            if one.is_first:
                begun.add(key)
    for severity in sessions.values():
        if severity is not Severity.HEALTHY:
            counted[severity] += 1
    total = len(begun) + sum(sum(one.counts) for one in told if isinstance(one, SessionBucket))
    by_user = list(users.values())
    names = {severity.name.lower(): severity for severity in Severity if severity}
    return Health(
        sessions=Tally(total=total, **{name: counted[severity] for name, severity in names.items()}),
        users=Tally(total=len(users), **{name: by_user.count(severity) for name, severity in names.items()}),
    )


@st.composite
def tellings(draw: st.DrawFn) -> list[Told]:
    """Draw what two projects tell within some hours, each session in one place only."""
    places = st.fixed_dictionaries(
        {
            "project_id": st.sampled_from([1, 2]),
            "release": st.sampled_from(["1.0", "1.1"]),
            "environment": st.sampled_from(["", "production"]),
            "started": st.integers(0, 5 * 3600).map(lambda seconds: NOON + timedelta(seconds=seconds)),
        }
    )
    users, severities = st.integers(0, 3), st.sampled_from(list(Severity))
    told: list[Told] = []
    for session, place in enumerate(draw(st.lists(places, max_size=8)), 1):
        said = st.fixed_dictionaries({"user": users, "severity": severities, "is_first": st.booleans()})
        told += [SessionUpdate(session=session, **place, **one) for one in draw(st.lists(said, min_size=1, max_size=4))]
    numbers = st.fixed_dictionaries(dict.fromkeys(("healthy", "errored", "unhandled", "abnormal", "crashed"), users))
    told += [
        SessionBucket(**place, **each, user=draw(users))
        for place, each in draw(st.lists(st.tuples(places, numbers), max_size=4))
        if any(each.values())
    ]
    return draw(st.permutations(told))


def apart(told: Sequence[Told], by: Sequence[Dimension]) -> dict[tuple[object, ...], list[Told]]:
    groups: dict[tuple[object, ...], list[Told]] = defaultdict(list)
    for one in told:
        groups[tuple(getattr(one, name) for name in by)].append(one)
    return groups


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=tellings(), cuts=st.lists(st.integers(0, 40), max_size=3), by=st.sets(st.sampled_from(list(Dimension))))
def test_counts_are_those_of_a_naive_count_in_any_order_and_resent(empty_history, told, cuts, by):
    empty_history.command("TRUNCATE TABLE session")
    batches, at = [], 0
    for cut in [*sorted(cuts), len(told)]:
        batches.append((token(), told[at:cut]))
        at = max(at, cut)
    for name, batch in [*batches, *batches[:2]]:
        insert_sessions(empty_history, name, batch)
    dimensions, which = sorted(by), Sessions(project_ids=(1, 2))
    wanted = {key: naive(some) for key, some in apart(told, dimensions).items()}
    assert health(empty_history, which, dimensions) == (wanted if dimensions else {(): naive(told)})
    grid = Grid(origin=int(NOON.timestamp()), step_seconds=7200, points=2)
    by_interval = series(empty_history, which, [], grid).get((), {})
    expected = defaultdict(list)
    for one in told:
        expected[int((one.started - NOON).total_seconds()) // 7200].append(one)
    assert by_interval == {number: naive(some) for number, some in expected.items() if number < 2}


@pytest.mark.parametrize("row", ["ingest-I07"])
def test_a_session_that_crashes_later_is_one_session_that_crashed(history, project_id, row):
    insert_sessions(history, token(), [update(project_id, 1, is_first=True)])
    insert_sessions(history, token(), [update(project_id, 1, severity=Severity.CRASHED)])
    insert_sessions(history, token(), [update(project_id, 1)])
    assert health(history, of(project_id))[()].sessions == Tally(total=1, crashed=1)


@pytest.mark.parametrize("row", ["ingest-I10"])
def test_rates_of_ten_sessions_of_four_users_of_which_one_crashed(history, project_id, row):
    told = [update(project_id, number, user=number % 4 + 1, is_first=True) for number in range(1, 11)]
    told.append(update(project_id, 1, user=2, severity=Severity.CRASHED))
    insert_sessions(history, token(), told)
    found = health(history, of(project_id))[()]
    assert found.sessions.crash_free_rate == pytest.approx(0.9)
    assert found.users.crash_free_rate == pytest.approx(0.75)


def test_a_session_that_was_never_said_to_begin_is_not_new(history, project_id):
    insert_sessions(history, token(), [update(project_id, 1, severity=Severity.CRASHED)])
    found = health(history, of(project_id))[()].sessions
    assert (found.total, found.crashed, found.healthy, found.crash_free_rate) == (0, 1, 0, None)


def test_counts_stay_the_same_when_rows_are_merged(history, project_id):
    for severity in Severity:
        insert_sessions(history, token(), [update(project_id, 1, severity=severity, is_first=not severity, user=9)])
        bucket = SessionBucket(project_id=project_id, release="1.0", started=NOON, healthy=2, crashed=1)
        insert_sessions(history, token(), [bucket])
    before = health(history, of(project_id))
    history.command("OPTIMIZE TABLE session FINAL")
    rows = history.rows("SELECT count() FROM session WHERE project_id = {id:UInt64}", {"id": project_id})
    assert rows == [(2,)]
    assert health(history, of(project_id)) == before
    assert before[()].sessions == Tally(total=16, crashed=6)


def test_only_the_hours_asked_for_count(history, project_id):
    hours = [NOON + timedelta(hours=number, minutes=59) for number in range(4)]
    told = [update(project_id, number, started=at, is_first=True) for number, at in enumerate(hours, 1)]
    insert_sessions(history, token(), told)
    window = of(project_id, start=hours[1], end=NOON + timedelta(hours=3))
    assert health(history, window)[()].sessions.total == 2


def test_environments_are_told_apart(history, project_id):
    places = ["", "production", "staging"]
    told = [update(project_id, 1 + at, environment=name, is_first=True) for at, name in enumerate(places)]
    insert_sessions(history, token(), told)
    assert health(history, of(project_id, environments=("production", "")))[()].sessions.total == 2


def test_sessions_go_with_their_project(history, project_id, other_project_id):
    for one in (project_id, other_project_id):
        insert_sessions(history, token(), [update(one, 1, is_first=True)])
    delete_project(history, project_id, NOON)
    assert health(history, of(project_id), [Dimension.PROJECT]) == {}
    assert health(history, of(other_project_id))[()].sessions.total == 1


def test_weeks_of_sessions_that_are_over_are_dropped(history, project_id):
    old, recent = NOON - timedelta(days=60), NOON
    told = [update(project_id, at, started=day, is_first=True) for at, day in ((1, old), (2, recent))]
    insert_sessions(history, token(), told)
    expire(history, recent - timedelta(days=30))
    assert health(history, of(project_id))[()].sessions.total == 1


def test_an_older_store_gets_the_table_when_it_is_opened(history, project_id):
    history.command("DROP TABLE session")
    again = History.open(history_url(history))
    again.close()
    insert_sessions(history, token(), [update(project_id, 1, is_first=True)])
    assert health(history, of(project_id))[()].sessions.total == 1


def history_url(history: History) -> str:
    ((path,),) = history.rows("SELECT path FROM system.disks WHERE name = 'default'")
    return f"chdb://{path.rstrip('/')}"
