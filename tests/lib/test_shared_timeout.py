import asyncio

import pytest

from tocsin.lib.shared_timeout import SharedTimeout

SHORT = 0.02


async def forever():
    await asyncio.Event().wait()


def test_what_takes_too_long_times_out():
    async def wait():
        with SharedTimeout(SHORT):
            await forever()

    with pytest.raises(TimeoutError):
        asyncio.run(wait())


def test_what_is_in_time_is_left_alone():
    async def answer():
        with SharedTimeout(60):
            await asyncio.sleep(0)
            return 7

    assert asyncio.run(answer()) == 7


def test_every_late_task_times_out_and_no_other_does():
    async def run():
        timeout = SharedTimeout(SHORT)
        done = asyncio.Event()

        async def wait():
            with timeout:
                await forever()

        async def be_in_time():
            with timeout:
                await asyncio.sleep(0)
            await done.wait()
            return "in time"

        late = [asyncio.create_task(wait()) for _ in range(3)]
        punctual = asyncio.create_task(be_in_time())
        first = await asyncio.gather(*late, return_exceptions=True)
        # The timer has gone off once; it must go off for those who come later, too.
        second = await asyncio.gather(wait(), return_exceptions=True)
        done.set()
        return [type(error) for error in first + second], await punctual

    assert asyncio.run(run()) == ([TimeoutError] * 4, "in time")


def test_a_task_cancelled_by_somebody_else_is_cancelled():
    async def run():
        timeout = SharedTimeout(60)
        entered = asyncio.Event()

        async def wait():
            with timeout:
                entered.set()
                await forever()

        task = asyncio.create_task(wait())
        await entered.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert asyncio.run(run())


def test_another_event_loop_gets_a_timer_of_its_own():
    timeout = SharedTimeout(SHORT)

    async def pass_through():
        with timeout:
            return 7

    async def wait():
        with timeout:
            await forever()

    assert asyncio.run(pass_through()) == 7
    with pytest.raises(TimeoutError):
        asyncio.run(wait())
