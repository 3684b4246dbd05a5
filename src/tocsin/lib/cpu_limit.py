"""A bound on the processor time of calls: for regular expressions that strangers wrote."""

import signal
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


class CpuLimitError(Exception):
    """The call was cut off."""


class _Alarm:
    """Whether a signal that arrives now means anybody: one that is late must not strike what runs afterwards."""

    is_set = False

    def ring(self, *_: object) -> None:
        if self.is_set:
            self.is_set = False
            raise CpuLimitError


_alarm = _Alarm()


class CpuBudget:
    """Processor time that several calls may take together."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    def spend(self, call: Callable[[], _T]) -> _T:
        """Return what *call* returns, cut off when this process has used up the rest of the budget.

        Python's regular expressions look for signals while they match, so even they stop. Raises CpuLimitError. Only
        the main thread of a process can do this; ValueError elsewhere.
        """
        if self._left <= 0:
            raise CpuLimitError
        former = signal.signal(signal.SIGVTALRM, _alarm.ring)
        try:
            _alarm.is_set = True
            signal.setitimer(signal.ITIMER_VIRTUAL, self._left)
            return call()
        finally:
            _alarm.is_set = False
            self._left = signal.setitimer(signal.ITIMER_VIRTUAL, 0)[0]
            signal.signal(signal.SIGVTALRM, former)
