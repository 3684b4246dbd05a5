"""Forecasts grow old: those of issues archived until they escalate are made anew each day (spec/mutation.md 4.2).

The first one is made by whoever needs it first, mostly digest, when the first event after archiving arrives.
"""

from datetime import datetime

from tocsin.domain.issue.escalation import FORECAST_AGE_MAX, awaits_escalation
from tocsin.storage.history.store import History
from tocsin.storage.state import forecasts, issues
from tocsin.storage.state.engine import State
from tocsin.storage.views.forecasts import new_forecasts
from tocsin.storage.views.scopes import issue_scopes

FORECASTS_PER_RUN_MAX = 1000


class Foresee:
    """Makes forecasts anew, a bounded piece at a time. Runs in one thread."""

    def __init__(self, state: State, history: History) -> None:
        self._state = state
        self._history = history

    def run(self, now: datetime) -> int:
        """Replace forecasts that are too old, forget those that nobody needs any more; return how many these were."""
        with self._state.read() as connection:
            old = forecasts.made_before(connection, now - FORECAST_AGE_MAX, FORECASTS_PER_RUN_MAX)
            awaiting = [issue for issue in issues.load(connection, old).values() if awaits_escalation(issue)]
            scopes = issue_scopes(connection, awaiting)
        new = new_forecasts(self._history, awaiting, scopes, now)
        if old:
            with self._state.write() as connection:
                left = issues.load(connection, new, lock=True)
                forecasts.put(connection, {issue_id: one for issue_id, one in new.items() if issue_id in left})
                forecasts.remove(connection, set(old) - set(new))
        return len(old)
