"""What is kept of sessions. Nothing in it names a person or a machine.

Updates may come in any order, twice, or not at all: each says how bad its session has become so far, and the worst of
them counts. So neither the order of updates nor their ``seq`` has to be kept.
"""

from datetime import datetime
from enum import IntEnum
from hashlib import blake2b

import msgspec


class Severity(IntEnum):
    """How bad a session is; a session counts as the worst that any of its updates says."""

    HEALTHY = 0
    ERRORED = 1
    UNHANDLED = 2
    """An error that nobody handled, which the program survived."""
    ABNORMAL = 3
    """It never ended properly: out of memory, not responding."""
    CRASHED = 4


class SessionUpdate(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What one update says of one session."""

    project_id: int
    release: str
    environment: str = ""
    started: datetime
    session: int
    """Stands for the ``sid`` within the project: 64 bits, never 0."""
    user: int = 0
    """Stands for the ``did`` within the project: 64 bits, 0 without one."""
    severity: Severity = Severity.HEALTHY
    is_first: bool = False
    """Whether the session begins with this update (``init``): only such sessions are counted as new."""
    seconds: float | None = None
    """How long it has lasted; None when the update does not say."""


class SessionBucket(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How many sessions of a server began within the same minute, by how they ended."""

    project_id: int
    release: str
    environment: str = ""
    started: datetime
    user: int = 0
    healthy: int = 0
    errored: int = 0
    unhandled: int = 0
    abnormal: int = 0
    crashed: int = 0

    @property
    def counts(self) -> tuple[int, ...]:
        """How many sessions there are of each severity, from healthy to crashed."""
        return (self.healthy, self.errored, self.unhandled, self.abnormal, self.crashed)

    @property
    def severity(self) -> Severity:
        """The worst of its sessions."""
        return max((Severity(index) for index, count in enumerate(self.counts) if count), default=Severity.HEALTHY)


Told = SessionUpdate | SessionBucket
"""What an item tells of sessions."""


def pseudonym(project_id: int, text: str) -> int:
    """Return the 64 bits, never all zero, that stand for a name within a project.

    The project is the key of the hash: the same person has nothing in common in two projects, and the name cannot be
    read back. Somebody who already knows a name can still tell what stands for it.
    """
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=8, key=project_id.to_bytes(8, "big"))
    return int.from_bytes(digest.digest(), "big") or 1
