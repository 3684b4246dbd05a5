"""Taking check-ins in, in the transaction of their batch (spec/ingest.md 8.2)."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.monitor.check_in import SentCheckIn
from tocsin.domain.monitor.environment import Fate, MonitorEnvironment, rescheduled, take
from tocsin.domain.monitor.monitor import ENVIRONMENTS_MAX, MONITORS_MAX, Monitor
from tocsin.domain.outcome import Category, Outcome, OutcomeKey, Source, Verdict
from tocsin.domain.pipeline import Digested
from tocsin.storage.state import check_ins, monitor_steps, monitors, projects
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.monitors import MonitorKey

_UNKNOWN = Outcome(category=Category.MONITOR, verdict=Verdict.INVALID, reason="monitor_not_found")
_DISABLED = Outcome(category=Category.MONITOR, verdict=Verdict.FILTERED, reason="monitor_disabled")
_CROWDED = Outcome(category=Category.MONITOR, verdict=Verdict.INVALID, reason="too_many_environments")
_FATES = {
    Fate.TAKEN: Outcome(category=Category.MONITOR, verdict=Verdict.ACCEPTED),
    Fate.TOO_MANY: Outcome(category=Category.MONITOR, verdict=Verdict.RATE_LIMITED, reason=Fate.TOO_MANY),
    Fate.FINISHED: Outcome(category=Category.MONITOR, verdict=Verdict.INVALID, reason=Fate.FINISHED),
}


class _Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A check-in, who sent it and when, and the id it gets if it has none."""

    sent: SentCheckIn
    source: Source
    new_guid: str


_ByMonitor: TypeAlias = Mapping[MonitorKey, Sequence[_Arrived]]


def take_check_ins(
    connection: Transaction, batch_id: str, digested: Sequence[Digested], now: datetime
) -> Counter[OutcomeKey]:
    """Store the check-ins of a batch, monitor by monitor, and return what became of them."""
    arrived = _arrived(batch_id, digested)
    counts: Counter[OutcomeKey] = Counter()
    if not arrived:
        return counts
    known = projects.by_ids(connection, {project_id for project_id, _ in arrived})
    arrived = {key: some for key, some in arrived.items() if key[0] in known and not known[key[0]].is_leaving}
    _make_missing(connection, arrived, now)
    stored = monitors.by_keys(connection, arrived, lock=True)
    for key in sorted(arrived):
        for one, outcome in _taken(connection, stored.get(key), arrived[key], now):
            counts[one.source.key(outcome)] += outcome.quantity
    return counts


def _arrived(batch_id: str, digested: Sequence[Digested]) -> _ByMonitor:
    found: dict[MonitorKey, list[_Arrived]] = defaultdict(list)
    sent = [(one.source, each) for one in digested for each in one.check_ins]
    for number, (source, each) in enumerate(sent):
        new_guid = blake2b(f"{batch_id} {number}".encode(), digest_size=16).hexdigest()
        found[ProjectId(source.project_id), each.slug].append(_Arrived(sent=each, source=source, new_guid=new_guid))
    return found


def _make_missing(connection: Transaction, arrived: _ByMonitor, now: datetime) -> None:
    """Make the monitors that nobody has made, of check-ins that say what is to be expected."""
    stored = monitors.by_keys(connection, arrived)
    for key in sorted(arrived.keys() - stored.keys()):
        config = next((one.sent.config for one in arrived[key] if one.sent.config), None)
        if config is not None and monitors.count(connection, key[0]) < MONITORS_MAX:
            fresh = Monitor(project_id=key[0], slug=key[1], name=key[1], config=config, created_at=now)
            monitors.create_missing(connection, fresh)


def _taken(
    connection: Transaction, monitor: Monitor | None, arrived: Sequence[_Arrived], now: datetime
) -> Iterator[tuple[_Arrived, Outcome]]:
    if monitor is None or not monitor.is_active:
        for one in arrived:
            yield one, _DISABLED if monitor else _UNKNOWN
        return
    environments = {one.name: one for one in monitors.environments(connection, [monitor.id])[monitor.id]}
    for one in arrived:
        monitor = _upserted(connection, monitor, one, environments)
        environment = environments.get(one.sent.environment)
        if environment is None and len(environments) >= ENVIRONMENTS_MAX:
            yield one, _CROWDED
            continue
        environment = environment or _new_environment(connection, monitor, one)
        known = check_ins.known(connection, environment.id, one.sent.guid)
        step = take(environment, monitor.expectation, one.sent, known, one.source.received, one.new_guid)
        environments[environment.name] = step.environment
        monitor_steps.write(connection, monitor, step, now)
        yield one, _FATES[step.fate]


def _upserted(
    connection: Transaction, monitor: Monitor, one: _Arrived, environments: dict[str, MonitorEnvironment]
) -> Monitor:
    """Let a monitor expect what the check-in says, in all its environments."""
    config = one.sent.config
    if config is None or config == monitor.config:
        return monitor
    changed = replace(monitor, config=config)
    monitors.save(connection, changed)
    for name, environment in environments.items():
        environments[name] = rescheduled(environment, config, one.source.received)
        monitors.save_environment(connection, environments[name])
    return changed


def _new_environment(connection: Transaction, monitor: Monitor, one: _Arrived) -> MonitorEnvironment:
    fresh = MonitorEnvironment(monitor_id=monitor.id, name=one.sent.environment, created_at=one.source.received)
    return monitors.add_environment(connection, fresh)
