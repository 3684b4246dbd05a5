"""A call is cut off when it takes too much of the processor, and nothing else is."""

import re
import signal
import threading

import pytest

from tocsin.lib.cpu_limit import CpuBudget, CpuLimitError


def endless():
    return re.fullmatch(r"(a+)+", "a" * 50 + "b")


def test_what_is_quick_is_returned():
    assert CpuBudget(5).spend(lambda: 7) == 7


def test_a_regular_expression_that_never_ends_is_cut_off():
    with pytest.raises(CpuLimitError):
        CpuBudget(0.05).spend(endless)


def test_what_is_used_up_is_not_there_for_the_next():
    budget = CpuBudget(0.05)
    with pytest.raises(CpuLimitError):
        budget.spend(endless)
    with pytest.raises(CpuLimitError):
        budget.spend(lambda: 7)


def test_calls_spend_one_budget_together():
    budget, counted = CpuBudget(0.3), iter(range(1000))
    with pytest.raises(CpuLimitError):
        list(iter(lambda: budget.spend(lambda: (sum(range(1_000_000)), next(counted))), None))
    assert 0 < next(counted) < 999


def test_an_error_of_the_call_is_its_own():
    with pytest.raises(ZeroDivisionError):
        CpuBudget(5).spend(lambda: 1 / 0)


def test_the_timer_and_the_handler_are_as_they_were_before():
    former = signal.getsignal(signal.SIGVTALRM)
    CpuBudget(5).spend(lambda: None)
    assert signal.getsignal(signal.SIGVTALRM) is former
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_only_the_main_thread_can_do_it():
    raised = []

    def elsewhere():
        try:
            CpuBudget(5).spend(lambda: None)
        except ValueError as error:
            raised.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(raised) == 1
