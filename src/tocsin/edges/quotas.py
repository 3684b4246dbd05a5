"""What callers have spent of their quotas, kept by this process: bounded, and forgotten when it ends."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from threading import Lock

from tocsin.domain.quota import Quota, Spending, Verdict, spend

CALLERS_MAX = 10_000
"""Those who asked longest ago are forgotten beyond this."""


class Quotas:
    """Counts requests; safe to use from many threads."""

    def __init__(self) -> None:
        self._spent: OrderedDict[Hashable, Spending] = OrderedDict()
        self._lock = Lock()

    def spend(self, quota: Quota, who: Hashable, now: datetime) -> Verdict:
        """Count one request of *who*, unless it is one too many, and return the verdict."""
        with self._lock:
            self._spent[who], verdict = spend(quota, self._spent.get(who), now)
            self._spent.move_to_end(who)
            if len(self._spent) > CALLERS_MAX:
                self._spent.popitem(last=False)
            return verdict
