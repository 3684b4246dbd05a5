"""Group stored events in a process of its own: the rules are somebody else's, and may take as long as they like.

Events are handed over as they are read, so that neither process holds more than a few of them.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from threading import Timer
from time import monotonic
from typing import IO

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.grouping.project import ProjectGrouping
from tocsin.domain.grouping.replay import Regrouped, regrouped

GRACE_SECONDS = 5.0
"""What the process may take beyond its time, for starting and for the event at hand, before it is ended."""
_LENGTH_BYTES = 4


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be compared, and how long that may take."""

    before: ProjectGrouping
    after: ProjectGrouping
    seconds: float


_encode = msgspec.msgpack.Encoder().encode
_decode_task = msgspec.msgpack.Decoder(Task).decode
_decode_payloads = msgspec.msgpack.Decoder(list[bytes]).decode
_decode_answer = msgspec.msgpack.Decoder(list[Regrouped]).decode


def regroup(task: Task, payloads: Iterable[Sequence[bytes]]) -> list[Regrouped]:
    """Return what the task makes of the first of the events, as many as there was time for.

    Raises Malformed when a single event takes too long.
    """
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
        alarm = Timer(task.seconds + GRACE_SECONDS, process.kill)
        alarm.start()
        try:
            answer = _answer_of(process.stdin, process.stdout, task, payloads)
        finally:
            alarm.cancel()
            process.kill()
    if not answer:
        raise Malformed("The rules take too long over these events; simplify their patterns.")
    return _decode_answer(answer)


def _answer_of(
    stdin: IO[bytes] | None, stdout: IO[bytes] | None, task: Task, payloads: Iterable[Sequence[bytes]]
) -> bytes:
    if stdin is None or stdout is None:
        return b""
    # The process answers and leaves when its time is up, whatever we still have for it.
    with suppress(BrokenPipeError):
        _feed(stdin, task, payloads)
    with suppress(BrokenPipeError):
        stdin.close()
    return stdout.read()


def _feed(stream: IO[bytes], task: Task, payloads: Iterable[Sequence[bytes]]) -> None:
    _write(stream, _encode(task))
    for some in payloads:
        _write(stream, _encode(list(some)))


def _write(stream: IO[bytes], part: bytes) -> None:
    stream.write(len(part).to_bytes(_LENGTH_BYTES) + part)
    stream.flush()


def _parts(stream: IO[bytes]) -> Iterator[bytes]:
    while length := stream.read(_LENGTH_BYTES):
        yield stream.read(int.from_bytes(length))


def _answered(stream: IO[bytes]) -> list[Regrouped]:
    parts = _parts(stream)
    task = _decode_task(next(parts))
    end = monotonic() + task.seconds
    found: list[Regrouped] = []
    for part in parts:
        for payload in _decode_payloads(part):
            if monotonic() >= end:
                return found
            found.append(regrouped(payload, task.before, task.after))
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(_encode(_answered(sys.stdin.buffer)))
