"""How often an address tried to log in of late: what stands between a password and its guessers."""

import math
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from threading import Lock

from tocsin.edges.sessions import AnyRequest
from tocsin.edges.web.visit import services_of

ADDRESSES_MAX = 10_000
"""The addresses quiet for longest are forgotten beyond this."""

_WINDOW = timedelta(minutes=1)


class Attempts:
    """Failed and undecided log-ins of the last minute, by address; safe to use from many threads."""

    def __init__(self, per_minute_max: int) -> None:
        self._per_minute_max = per_minute_max
        self._times: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def note(self, address: str, now: datetime) -> int:
        """Count one attempt and return 0, or return how many seconds *address* has to wait instead."""
        with self._lock:
            times = self._times.setdefault(address, deque())
            self._times.move_to_end(address)
            while times and times[0] <= now - _WINDOW:
                times.popleft()
            if len(times) >= self._per_minute_max:
                return max(1, math.ceil((times[0] + _WINDOW - now).total_seconds()))
            times.append(now)
            if len(self._times) > ADDRESSES_MAX:
                self._times.popitem(last=False)
            return 0

    def forget(self, address: str) -> None:
        """Take every attempt of *address* away: one of them succeeded."""
        with self._lock:
            self._times.pop(address, None)


def attempts_of(request: AnyRequest) -> Attempts:
    """Return the attempts that this application has counted."""
    known = request.app.state.get("login_attempts")
    if known is None:
        known = Attempts(services_of(request).settings.login_attempts_per_minute_max)
        known = request.app.state.setdefault("login_attempts", known)
    attempts: Attempts = known
    return attempts
