"""Many requests, one fsync: entries that wait at the same moment go to disk together."""

import asyncio
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.accepted import Accepted
from tocsin.storage.spool.contract import EntryId, Spool

GROUP_ENTRIES_MAX = 256
GROUP_BYTES_MAX = 8 * 2**20
HELD_ENTRIES_MAX = 10_000
HELD_BYTES_MAX = 256 * 2**20

_Waiter = asyncio.Future[EntryId]
_Group = list[tuple[Accepted, _Waiter]]


class GroupCommit:
    """Appends to *spool* from one event loop, through one thread.

    While a group is being written the next one gathers, so groups grow with the load and a lone entry waits
    for nobody. All state belongs to the loop; the thread only gets a finished group.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        group_entries_max: int = GROUP_ENTRIES_MAX,
        group_bytes_max: int = GROUP_BYTES_MAX,
        held_entries_max: int = HELD_ENTRIES_MAX,
        held_bytes_max: int = HELD_BYTES_MAX,
        on_kept: Callable[[int], None] = lambda _entries: None,
    ) -> None:
        """Append to *spool*; *on_kept* is told, in the loop, how many entries have just come to disk."""
        self._spool = spool
        self._on_kept = on_kept
        self._group_entries_max = group_entries_max
        self._group_bytes_max = group_bytes_max
        self._held_entries_max = held_entries_max
        self._held_bytes_max = held_bytes_max
        self._held_entries = 0
        self._held_bytes = 0
        self._waiting: deque[tuple[Accepted, _Waiter]] = deque()
        # One queue and one thread: an executor makes two futures more for every group.
        self._groups: SimpleQueue[tuple[asyncio.AbstractEventLoop, _Group] | None] = SimpleQueue()
        self._thread = Thread(target=self._append_groups, name="spool", daemon=True)
        self._thread.start()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    async def append(self, accepted: Accepted) -> EntryId:
        """Return the id of *accepted* once it is on disk.

        Raises `Unavailable` when too much waits already, while closing, or when the spool cannot take its group.
        Who is cancelled while waiting leaves the entry in its group: it may well be kept.
        """
        self._admit(accepted)
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        self._waiting.append((accepted, waiter))
        if self._idle.is_set():
            self._idle.clear()
            # Not at once: whatever else this round of the loop brings joins the group.
            asyncio.get_running_loop().call_soon(self._write_group)
        return await waiter

    async def close(self) -> None:
        """Take no more, write what waits, and end the thread. The spool stays open."""
        self._closed = True
        await self._idle.wait()
        self._groups.put(None)
        self._thread.join()

    def _admit(self, accepted: Accepted) -> None:
        if self._closed:
            raise Unavailable("Tocsin is shutting down. Send this again in a moment.")
        over = self._held_bytes + len(accepted.body) > self._held_bytes_max
        if over or self._held_entries >= self._held_entries_max:
            raise Unavailable("Too many requests wait for the disk. Send this again in a moment.")
        self._held_entries += 1
        self._held_bytes += len(accepted.body)

    def _write_group(self) -> None:
        if not self._waiting:
            self._idle.set()
            return
        self._groups.put((asyncio.get_running_loop(), self._next_group()))

    def _append_groups(self) -> None:
        """Write groups until told to stop; runs in the thread."""
        while (handed_over := self._groups.get()) is not None:
            loop, group = handed_over
            ids: list[EntryId] = []
            failure: Exception | None = None
            try:
                ids = self._spool.append_many([accepted for accepted, _ in group])
            except Exception as error:  # noqa: BLE001 - it travels on to everyone who waits for the group
                failure = error
            loop.call_soon_threadsafe(self._answer, group, ids, failure)

    def _next_group(self) -> _Group:
        group = [self._waiting.popleft()]
        size_bytes = len(group[0][0].body)
        while self._waiting and len(group) < self._group_entries_max:
            size_bytes += len(self._waiting[0][0].body)
            if size_bytes > self._group_bytes_max:
                break
            group.append(self._waiting.popleft())
        return group

    def _answer(self, group: _Group, ids: list[EntryId], failure: Exception | None) -> None:
        self._held_entries -= len(group)
        self._held_bytes -= sum(len(accepted.body) for accepted, _ in group)
        self._write_group()
        waiters = [waiter for _, waiter in group]
        if failure is None:
            self._on_kept(len(group))
            for waiter, entry_id in zip(waiters, ids, strict=True):
                if not waiter.cancelled():
                    waiter.set_result(entry_id)
        else:
            for waiter in waiters:
                if not waiter.cancelled():
                    waiter.set_exception(failure)
