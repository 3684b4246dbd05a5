"""Try privacy options on an event, in a process of its own: the regular expressions in them are somebody else's.

In the server one that never ends would hold up every request; here it is cut off.
"""

import subprocess
import sys
from threading import BoundedSemaphore

import msgspec

from tocsin.domain.errors import Malformed, Unavailable
from tocsin.domain.event.arrival import InvalidEvent
from tocsin.domain.privacy.trial import Trial, Tried, tried

SECONDS_MAX = 20.0
AT_ONCE_MAX = 2

_turns = BoundedSemaphore(AT_ONCE_MAX)


class _Answer(msgspec.Struct, frozen=True):
    """What the process says: the result, or why there is none."""

    tried: Tried | None = None
    refusal: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decode_trial = msgspec.msgpack.Decoder(Trial).decode
_decode_answer = msgspec.msgpack.Decoder(_Answer).decode


def try_scrubbing(trial: Trial) -> Tried:
    """Return what would be stored of an event.

    Raises Malformed for an event or rules that cannot be read, and for rules that take too long; Unavailable when
    others are trying theirs.
    """
    if not _turns.acquire(timeout=SECONDS_MAX):
        raise Unavailable("Others are trying their rules; try again in a moment.")
    try:
        answer = _decode_answer(_in_another_process(_encode(trial)))
    finally:
        _turns.release()
    if answer.tried is None:
        raise Malformed(answer.refusal)
    return answer.tried


def _in_another_process(encoded: bytes) -> bytes:
    command = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, input=encoded, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS_MAX, check=True
        )
    except subprocess.TimeoutExpired:
        raise Malformed("The rules take too long over this event; simplify their regular expressions.") from None
    return done.stdout


def _answered(trial: Trial) -> _Answer:
    try:
        return _Answer(tried(trial))
    except InvalidEvent as invalid:
        return _Answer(refusal=invalid.reason)
    except Malformed as refusal:
        return _Answer(refusal=refusal.detail)


if __name__ == "__main__":
    sys.stdout.buffer.write(_encode(_answered(_decode_trial(sys.stdin.buffer.read()))))
