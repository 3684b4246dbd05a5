"""Wiring: the only module that knows every part, and the life of the process from start to drain."""

import asyncio
import gc
import secrets
import shutil
import signal
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import structlog
import uvicorn
import uvloop

from tocsin import observe
from tocsin.config import Settings
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.rate_limit import Caps
from tocsin.edges.api.app import make_app
from tocsin.edges.intake.app import IntakeApp
from tocsin.edges.services import Services
from tocsin.edges.web.pages import PAGES
from tocsin.flows.administration import Administration
from tocsin.flows.authenticate import Authenticate
from tocsin.flows.comment import Comment
from tocsin.flows.configure import Configure
from tocsin.flows.digest.apply import BatchWriter
from tocsin.flows.digest.loop import WORKER_MODULES, DigestLimits, DigestLoop
from tocsin.flows.foresee import Foresee
from tocsin.flows.limits import Gate, KeepCounts
from tocsin.flows.monitor_clock import MonitorClock
from tocsin.flows.monitors import Monitors
from tocsin.flows.ownership import KeepOwnership
from tocsin.flows.people import People
from tocsin.flows.project_keys import ProjectKeys
from tocsin.flows.projects import Projects
from tocsin.flows.recount import Recount
from tocsin.flows.releases import Releases
from tocsin.flows.remove import Remove
from tocsin.flows.replay.replay import Replay
from tocsin.flows.repositories import Repositories
from tocsin.flows.retain import Retain
from tocsin.flows.saved_searches import SavedSearches
from tocsin.flows.search import Search, Sort
from tocsin.flows.triage import Hashes, Triage
from tocsin.flows.upkeep import Upkeep, UpkeepDone
from tocsin.flows.user_reports import UserReports
from tocsin.lib.data_lock import DataDirectoryBusy, DataLock
from tocsin.lib.durable_file import make_directory
from tocsin.lib.periodic import Periodic
from tocsin.lib.worker_pool import WorkerPool
from tocsin.storage.blobs import BlobStore
from tocsin.storage.history.store import History, HistoryLimits
from tocsin.storage.spool.contract import Spool
from tocsin.storage.spool.group_commit import GroupCommit
from tocsin.storage.spool.opening import open_spool as open_spool_at
from tocsin.storage.state.engine import State
from tocsin.storage.state.key_cache import KeyCache, ProjectCache
from tocsin.storage.state.migration import is_current
from tocsin.storage.state.migration import migrate as migrate_state
from tocsin.storage.views import Views

UPKEEP_SECONDS = 300.0
"""How often upkeep looks whether there is something to do, and others what it did."""

FREE_BYTES_MIN = 1024**3
"""Below this much free disk ``tocsin doctor`` warns."""

_log = structlog.get_logger("tocsin")

ASGI = Callable[[Any, Any, Any], Awaitable[None]]


class Busy(Exception):  # noqa: N818 - says what is the case
    """Another process works in the data directory."""


class Stores(msgspec.Struct, frozen=True, kw_only=True):
    """The four places where things are kept."""

    state: State
    history: History
    spool: Spool
    blobs: BlobStore


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing ``tocsin doctor`` looked at."""

    subject: str
    ok: bool
    text: str


def now() -> datetime:
    """Return the time, UTC: the one clock of the process."""
    return datetime.now(UTC)


def run(settings: Settings, part: str) -> None:
    """Run *part* (``serve``, ``web`` or ``work``) until SIGTERM, then drain. Raises Busy."""
    make_directory(settings.directory)
    for signum in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again when it has stopped; by default that would end us before we have drained.
        signal.signal(signum, _noted)
    with ExitStack() as stack:
        _lock(settings, part, stack)
        migrate_state(settings.store_url("state"))
        stores = open_stores(settings, stack)
        notify: Callable[[], None] = _nothing
        if part in {"serve", "work"}:
            notify = _start_work(settings, stores, stack)
        if part in {"serve", "web"}:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_answer(settings, stores, notify))
        else:
            asyncio.run(_wait_for_signal())


def _noted(_signum: int, _frame: FrameType | None) -> None:
    """Take a signal that was acted on already."""


def _nothing() -> None:
    """Nobody in this process digests, so nobody needs to be woken."""


def _lock(settings: Settings, part: str, stack: ExitStack) -> None:
    """Keep a second process out where the history can be opened by one only, and a second worker anywhere."""
    name = "tocsin.lock" if settings.embedded or part == "serve" else f"tocsin-{part}.lock"
    try:
        stack.enter_context(DataLock(settings.directory / name))
    except DataDirectoryBusy as busy:
        raise Busy(str(busy)) from None


def open_stores(settings: Settings, stack: ExitStack) -> Stores:
    """Open the stores; *stack* closes them in the reverse order."""
    history = stack.enter_context(open_history(settings))
    state = State.open(settings.store_url("state"))
    stack.callback(state.close)
    spool = open_spool_at(settings.store_url("spool"))
    stack.callback(spool.close)
    return Stores(state=state, history=history, spool=spool, blobs=BlobStore(settings.store_url("blobs")))


def open_history(settings: Settings) -> History:
    """Open history with the limits of the settings."""
    limits = HistoryLimits(
        query_memory_bytes_max=settings.query_memory_bytes_max, query_seconds_max=int(settings.query_seconds_max)
    )
    return History.open(settings.store_url("history"), limits)


def intake_limits(settings: Settings) -> IntakeLimits:
    """Return the settings' limits as the intake and the workers know them."""
    return IntakeLimits(
        envelope_wire_bytes_max=settings.envelope_wire_bytes_max,
        envelope_bytes_max=settings.envelope_bytes_max,
        envelope_items_max=settings.envelope_items_max,
        event_bytes_max=settings.event_bytes_max,
        attachment_bytes_max=settings.attachment_bytes_max,
        body_seconds_max=settings.body_seconds_max,
    )


def caps(settings: Settings) -> Caps:
    """Return the caps that hold for every project."""
    return Caps(
        project_events_per_hour_max=settings.project_events_per_hour_max,
        project_events_per_month_max=settings.project_events_per_month_max,
        events_per_hour_max=settings.events_per_hour_max,
        events_per_month_max=settings.events_per_month_max,
    )


def _start_work(settings: Settings, stores: Stores, stack: ExitStack) -> Callable[[], None]:
    """Start digest and the periodic jobs; return what wakes digest."""
    workers = WorkerPool(settings.digest_processes, WORKER_MODULES)
    stack.callback(workers.close)
    limits = DigestLimits(
        batch_entries_max=settings.digest_batch_entries_max,
        batch_bytes_max=settings.digest_batch_bytes_max,
        tries_max=settings.digest_tries_max,
        intake=intake_limits(settings),
    )
    writer = BatchWriter(stores.state, stores.history, stores.blobs, now)
    projects = ProjectCache(stores.state)
    stack.callback(projects.close)
    digest = DigestLoop(stores.spool, writer, workers, limits, now, projects)
    digest.start()
    stack.callback(lambda: digest.stop(settings.stop_seconds_max) or _log.warning("digest did not stop in time"))
    jobs = Periodic(_log)
    remove = Remove(stores.state, stores.history, stores.blobs, now)
    retain = Retain(
        stores.state,
        stores.history,
        duplicate_window_hours=settings.duplicate_window_hours,
        retention_days=settings.retention_days,
    )
    foresee = Foresee(stores.state, stores.history)
    monitor_clock = MonitorClock(stores.state, stores.spool, digest.notify)
    jobs.every(1.0, "tell of monitors", lambda: monitor_clock.tell(now()))
    jobs.every(5.0, "look at monitors", lambda: monitor_clock.look(now()))
    jobs.every(1.0, "remove", lambda: remove.run(now()))
    leaving = make_projects(stores)
    jobs.every(1.0, "remove projects", lambda: leaving.run(now()))
    jobs.every(1.0, "drop blobs", lambda: remove.drop_blobs(now()))
    jobs.every(5.0, "recount", lambda: Recount(stores.state, stores.history).run(now()))
    jobs.every(60.0, "retain", lambda: retain.run(now()))
    jobs.every(60.0, "foresee", lambda: foresee.run(now()))
    jobs.start()
    stack.callback(jobs.stop)
    _start_upkeep(stores.history, stack)
    return digest.notify


def _start_upkeep(history: History, stack: ExitStack) -> None:
    """Look after history, in a thread of its own: merging a week may take minutes."""
    upkeep = Upkeep(history)
    jobs = Periodic(_log)
    jobs.every(UPKEEP_SECONDS, "upkeep", lambda: upkeep.run(now()))
    jobs.start()
    stack.callback(jobs.stop)
    stack.callback(history.end_long_commands)


def make_projects(stores: Stores) -> Projects:
    """Return what makes and deletes projects."""
    return Projects(stores.state, stores.history, now, _new_key)


def _new_key() -> str:
    return secrets.token_hex(16)


def make_services(settings: Settings, stores: Stores) -> Services:
    """Return what the edges are given."""
    return Services(
        settings=settings,
        clock=now,
        views=Views(stores.state, stores.history, stores.blobs),
        authenticate=Authenticate(stores.state, lambda: secrets.token_urlsafe(32), settings.session_days),
        search=Search(stores.state, stores.history),
        saved_searches=SavedSearches(stores.state, frozenset(Sort)),
        ownership=KeepOwnership(stores.state),
        monitors=Monitors(stores.state),
        user_reports=UserReports(stores.state, stores.history),
        projects=make_projects(stores),
        project_keys=ProjectKeys(stores.state, _new_key),
        people=People(stores.state, now),
        triage=Triage(stores.state, stores.history, lambda: uuid.uuid4().hex),
        comment=Comment(stores.state),
        configure=Configure(stores.state),
        hashes=Hashes(stores.state, stores.history),
        remove=Remove(stores.state, stores.history, stores.blobs, now),
        releases=Releases(stores.state),
        repositories=Repositories(stores.state),
        replay=Replay(stores.state, stores.history),
        health=lambda: {"state": stores.state.is_alive(), "history": stores.history.is_alive()},
        spool_depth=stores.spool.depth,
    )


async def _answer(settings: Settings, stores: Stores, notify: Callable[[], None]) -> None:
    """Answer HTTP until told to stop; what was accepted is on disk before this returns."""

    def kept(requests: int) -> None:
        observe.ACCEPTED.inc(requests)
        notify()

    group_commit = GroupCommit(
        stores.spool,
        held_entries_max=settings.spool_waiting_max,
        held_bytes_max=settings.spool_waiting_bytes_max,
        on_kept=kept,
    )
    keys = KeyCache(stores.state, caps(settings))
    gate = Gate()
    counts = KeepCounts(stores.state, gate, now)
    counts.begin()
    counting = Periodic(_log)
    counting.every(1.0, "keep counts", counts.run)
    counting.every(UPKEEP_SECONDS, "look at tag columns", stores.history.look_at_tag_columns)
    counting.start()
    intake = IntakeApp(
        keys=keys.lookup,
        gate=gate,
        append=group_commit.append,
        limits=intake_limits(settings),
        clock=now,
        new_event_id=lambda: uuid.uuid4().hex,
        path_prefix=_path_of(settings.public_url),
        tunnel_paths=filter(None, map(str.strip, settings.tunnel_paths.split(","))),
        trusted_proxies=settings.trusted_proxies,
    )
    application = _dispatch(intake, make_app(make_services(settings, stores), PAGES))
    server = _server(settings, application)
    _log.info("listening", url=settings.public_url)
    # What is loaded by now stays; collections need not look through it again and again.
    gc.collect()
    gc.freeze()
    # A search reads 100,000 rows: looked through after every 700 of them, they took twice the time.
    gc.set_threshold(50_000)
    try:
        await server.serve()
    finally:
        await group_commit.close()
        keys.close()
        counting.stop()
        counts.run()


def _server(settings: Settings, application: ASGI) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application,
            host=settings.host,
            port=settings.port,
            http="httptools",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            # The intake reads X-Forwarded-For itself, and believes only the proxies of the settings.
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=max(1, int(settings.stop_seconds_max / 2)),
            backlog=2048,
        )
    )


def _path_of(url: str) -> str:
    return "/" + url.split("://", 1)[-1].partition("/")[2]


def _dispatch(intake: IntakeApp, rest: Any) -> ASGI:
    """Send what SDKs post to the intake, everything else to the web framework."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (route := intake.route(scope["path"])) is not None:
            await intake.answer(route, scope, receive, send)
        else:
            await rest(scope, receive, send)

    return application


async def _wait_for_signal() -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    await stop.wait()


def migrate(settings: Settings) -> None:
    """Bring state to the newest schema; history's is created when it is opened."""
    make_directory(settings.directory)
    migrate_state(settings.store_url("state"))


@contextmanager
def administration(settings: Settings) -> Iterator[Administration]:
    """Yield what the command line may do; only state is opened, so it works while the server runs."""
    migrate(settings)
    state = State.open(settings.store_url("state"))
    try:
        yield Administration(state, settings.public_url, settings.directory, now)
    finally:
        state.close()


@contextmanager
def grouping_replay(settings: Settings) -> Iterator[Replay]:
    """Yield what tries grouping rules. Raises Busy while a server has the embedded history open."""
    migrate(settings)
    with ExitStack() as stack:
        if settings.embedded:
            _lock(settings, "serve", stack)
        stores = open_stores(settings, stack)
        yield Replay(stores.state, stores.history)


def keep_up(settings: Settings) -> UpkeepDone:
    """Do what upkeep is there for, to the end. Raises Busy while a server has the embedded history open."""
    make_directory(settings.directory)
    with ExitStack() as stack:
        if settings.embedded:
            _lock(settings, "serve", stack)
        history = stack.enter_context(open_history(settings))
        return Upkeep(history).run(now())


@contextmanager
def open_spool(settings: Settings) -> Iterator[Spool]:
    """Yield the spool, also while the server runs."""
    spool = open_spool_at(settings.store_url("spool"))
    try:
        yield spool
    finally:
        spool.close()


def examine(settings: Settings) -> list[Finding]:
    """Return what ``tocsin doctor`` finds."""
    directory = settings.directory
    findings = [Finding(subject="settings", ok=True, text="read without complaint")]
    findings.append(_examine_directory(directory))
    findings.append(_examine_state(settings))
    findings.append(_examine_spool(settings))
    findings.append(_examine_history(settings))
    return findings


def _examine_directory(directory: Path) -> Finding:
    if not directory.is_dir():
        return Finding(subject="data", ok=False, text=f"{directory} does not exist; run `tocsin init` to make it")
    free = shutil.disk_usage(directory).free
    text = f"{directory}, {free // 2**20} MiB free"
    if free < FREE_BYTES_MIN:
        return Finding(subject="data", ok=False, text=f"{text}; free some space, intake stops when the disk is full")
    return Finding(subject="data", ok=True, text=text)


def _examine_state(settings: Settings) -> Finding:
    url = settings.store_url("state")
    state = State.open(url)
    try:
        if not state.is_alive():
            return Finding(subject="state", ok=False, text="does not answer; check TOCSIN_STATE_URL")
        if not is_current(state):
            return Finding(subject="state", ok=False, text="has an old schema; run `tocsin migrate`")
        return Finding(subject="state", ok=True, text="answers, schema is current")
    finally:
        state.close()


def _examine_spool(settings: Settings) -> Finding:
    with open_spool(settings) as spool:
        depth = spool.depth()
    text = f"{depth.entries} entries wait, {depth.dead} dead letters"
    if depth.dead:
        return Finding(subject="spool", ok=False, text=f"{text}; see `tocsin spool list`")
    return Finding(subject="spool", ok=True, text=text)


def _examine_history(settings: Settings) -> Finding:
    if settings.embedded:
        try:
            with DataLock(settings.directory / "tocsin.lock"):
                return _open_history(settings)
        except DataDirectoryBusy:
            return Finding(subject="history", ok=True, text="in use by the running server; ask its /readyz")
    return _open_history(settings)


def _open_history(settings: Settings) -> Finding:
    with History.open(settings.store_url("history")) as history:
        alive = history.is_alive()
    text = "answers" if alive else "does not answer; check TOCSIN_HISTORY_URL"
    return Finding(subject="history", ok=alive, text=text)
