"""Many people command overlapping sets of issues at once while events arrive: nothing is lost, nothing half done."""

import random
import shutil
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from operator import itemgetter

import pytest
from tests.flows.conftest import Shop, member

from tocsin.domain.issue.issue import ActivityType, Status
from tocsin.flows.triage import Triage
from tocsin.storage.state import activity, issues, mutations
from tocsin.storage.state.engine import State, StateLimits
from tocsin.storage.state.migration import migrate

WRITERS = 8
COMMANDS_EACH = 6
ISSUES = 5000
BATCHES = 30
ENGINES = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgres)]
BODIES = (
    {"status": "resolved"},
    {"status": "unresolved"},
    {"status": "ignored"},
    {"priority": "low"},
    {"priority": "high"},
    {"isBookmarked": True},
)
STATUS_AFTER = {
    ActivityType.SET_RESOLVED: Status.RESOLVED,
    ActivityType.SET_UNRESOLVED: Status.UNRESOLVED,
    ActivityType.SET_IGNORED: Status.IGNORED,
    ActivityType.SET_REGRESSION: Status.UNRESOLVED,
}


@pytest.fixture(params=ENGINES)
def busy_shop(request, tmp_path, empty_history):
    if request.param == "postgresql":
        url = request.getfixturevalue("cluster").copy()
    else:
        url = f"sqlite:///{tmp_path}/state.db"
        migrate(url)
    state = State.open(url, StateLimits(write_connections_max=WRITERS + 1, lock_wait_seconds_max=60))
    yield Shop(state, empty_history, tmp_path)
    state.close()
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.timeout(400)
def test_nothing_is_lost_and_nothing_is_half_done(busy_shop):
    """Each command is told on all of its issues or on none, and each issue counts exactly the writes it saw."""
    shop = busy_shop
    everyone = member(shop)
    triage = Triage(shop.state, shop.history, lambda: "5" * 32)
    for start in range(0, ISSUES, 500):
        shop.write(*(shop.accepted(fingerprint=[f"kind-{number}"]) for number in range(start, start + 500)))
    with shop.state.read() as connection:
        ids = sorted(issues.load(connection, range(1, ISSUES + 1)))
    assert len(ids) == ISSUES
    begin = threading.Barrier(WRITERS + 1, timeout=60)

    def command(seed: int) -> list[tuple[int, list[int]]]:
        chance, done = random.Random(seed), []
        begin.wait()
        for number in range(COMMANDS_EACH):
            chosen = chance.sample(ids, chance.choice([1, 50, 2500, ISSUES]))
            at = shop.now + timedelta(seconds=1 + seed + WRITERS * number)
            outcome = triage.carry_out(chosen, chance.choice(BODIES), everyone, at)
            done.append((outcome.mutation_id, sorted(chosen)))
        return done

    def digest() -> Counter:
        chance, seen = random.Random(99), Counter()
        begin.wait()
        for _ in range(BATCHES):
            kinds = chance.choices(range(ISSUES), k=100)
            shop.write(*(shop.accepted(fingerprint=[f"kind-{kind}"]) for kind in kinds))
            seen.update(kinds)
        return seen

    with ThreadPoolExecutor(WRITERS + 1) as threads:
        digesting = threads.submit(digest)
        writing = [threads.submit(command, seed) for seed in range(WRITERS)]
        seen = digesting.result()
        commands = [one for writer in writing for one in writer.result()]
    check(shop, ids, commands, seen)


def check(shop, ids, commands, seen):
    with shop.state.read() as connection:
        stored = issues.load(connection, ids)
        journals = {number: mutations.journal_of(connection, number) for number, _ in commands}
        # An issue stays locked until its command is kept, so the order of the entries' numbers is what happened.
        stories = {one: [entry for _, entry in sorted(activity.page(connection, one, limit=1000), key=itemgetter(0))]
                   for one in ids}  # fmt: skip
    assert len(journals) == WRITERS * COMMANDS_EACH
    assert sum(issue.times_seen for issue in stored.values()) == ISSUES + sum(seen.values())
    for number, chosen in commands:
        assert journals[number].issue_ids <= set(chosen)
    commanded = Counter(one for journal in journals.values() for part in journal.rewritten for one in part.ids)
    told = Counter(one for journal in journals.values() for one in journal.told)
    for one, issue in stored.items():
        assert issue.version >= commanded[one], "a write was lost"
        turned = [entry.type for entry in stories[one] if entry.type in STATUS_AFTER]
        assert issue.status is (STATUS_AFTER[turned[-1]] if turned else Status.UNRESOLVED)
        by_command = [entry for entry in stories[one] if entry.type is not ActivityType.SET_REGRESSION]
        assert len({(entry.created_at, entry.type) for entry in by_command}) == len(by_command)
        assert len({entry.created_at for entry in by_command}) == told[one]
