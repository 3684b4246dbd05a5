"""A program that logs an error, and one whose asyncio task dies with nobody waiting for it."""

import asyncio
import logging
import os

import sentry_sdk
from sentry_sdk.integrations.asyncio import AsyncioIntegration

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("billing.ledger")


async def poll(queue: asyncio.Queue[int]) -> None:
    amount = await queue.get()
    raise LookupError(f"no account for {amount}")


async def main() -> None:
    sentry_sdk.init(os.environ["DSN"], release="billing@3", environment="staging", integrations=[AsyncioIntegration()])
    log.info("starting with %s", "nothing")
    log.error("ledger %s is out of balance by %d", "A-17", 12)
    queue: asyncio.Queue[int] = asyncio.Queue()
    await queue.put(5)
    task = asyncio.create_task(poll(queue), name="poller")
    await asyncio.wait([task])
    task.exception()
    sentry_sdk.flush(10)


asyncio.run(main())
