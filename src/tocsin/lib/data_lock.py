"""One process at a time in a data directory."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class DataDirectoryBusy(Exception):  # noqa: N818 - says what is the case, as the system's own exceptions do
    """Another process works in the data directory."""


class DataLock:
    """An exclusive lock on the file *path*, held from `acquire` until `release` or the end of the process.

    Child processes never hold it, however they are started, so that it ends with the process that took it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        os.register_at_fork(after_in_child=self._forget)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock and leave this process's id in the file. Raises `DataDirectoryBusy` at once if it is held."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode().strip() or "unknown"
            os.close(descriptor)
            raise DataDirectoryBusy(
                f"{self._path.parent} is in use by the process with id {holder}. "
                "Stop that process first, or give this one a data directory of its own."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Let the next process in; nothing happens if the lock is not held."""
        # The file stays: deleting it would let two processes lock two files of the same name.
        self._forget()

    def _forget(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
