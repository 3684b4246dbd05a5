"""A FastAPI service that fails while it answers; asks itself once and ends."""

import os
import socket
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import sentry_sdk
import uvicorn
from fastapi import FastAPI

sentry_sdk.init(os.environ["DSN"], release="shop@1.2.3", environment="staging")
app = FastAPI()


async def stock_of(article: int) -> int:
    return 10 // (article - article)


@app.get("/stock/{article}")
async def stock(article: int) -> dict[str, int]:
    return {"stock": await stock_of(article)}


listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen()
server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
thread.start()
try:
    urlopen(f"http://127.0.0.1:{listening.getsockname()[1]}/stock/4")
except HTTPError:
    print("failed as it should")
sentry_sdk.flush(10)
server.should_exit = True
thread.join(10)
