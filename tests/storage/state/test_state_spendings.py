from datetime import UTC, datetime, timedelta

from tocsin.domain.rate_limit import CapScope, Meter, Spent
from tocsin.storage.state import spendings
from tocsin.storage.state.engine import State

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
BEGAN_AT = int(NOON.timestamp())
KEY = Meter(CapScope.KEY, "a1", 60)
ALL = Meter(CapScope.ORGANIZATION, "", 3600)


def test_what_is_spent_adds_up_and_is_forgotten_when_its_window_is_over(state: State) -> None:
    with state.write() as tx:
        spendings.prune(tx, NOON + timedelta(days=99))
        spendings.add(tx, {KEY: [Spent(BEGAN_AT, 2)], ALL: [Spent(BEGAN_AT, 3)]})
        assert spendings.add(tx, {KEY: [Spent(BEGAN_AT, 5)]}) == [(KEY, Spent(BEGAN_AT, 7))]
    with state.read() as tx:
        assert dict(spendings.current(tx, NOON)) == {KEY: Spent(BEGAN_AT, 7), ALL: Spent(BEGAN_AT, 3)}
        assert dict(spendings.current(tx, NOON + timedelta(seconds=60))) == {ALL: Spent(BEGAN_AT, 3)}
    with state.write() as tx:
        spendings.prune(tx, NOON + timedelta(seconds=60))
        assert dict(spendings.current(tx, NOON)) == {ALL: Spent(BEGAN_AT, 3)}
