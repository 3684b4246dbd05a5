"""Jobs that come round."""

import threading

from tocsin.lib.periodic import Periodic


class Log:
    def __init__(self):
        self.told = []

    def error(self, text, **facts):
        self.told.append((text, facts["job"]))


def test_a_job_that_fails_is_logged_and_comes_round_again():
    log, twice, other = Log(), threading.Event(), threading.Event()
    calls = []

    def fail():
        calls.append(1)
        if len(calls) == 2:
            twice.set()
        raise ValueError("no")

    jobs = Periodic(log)
    jobs.every(0.01, "bad", fail)
    jobs.every(0.01, "good", other.set)
    jobs.start()
    assert twice.wait(10)
    assert other.wait(10)
    jobs.stop()
    assert ("job failed", "bad") in log.told
    assert all(job == "bad" for _, job in log.told)
