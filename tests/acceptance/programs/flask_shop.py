"""A Flask site that fails while it answers; asks itself once and ends."""

import os
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen
from wsgiref.simple_server import make_server

import sentry_sdk
from flask import Flask
from sentry_sdk.integrations.flask import FlaskIntegration

sentry_sdk.init(os.environ["DSN"], release="shop@1.2.3", environment="staging", integrations=[FlaskIntegration()])
app = Flask(__name__)


class OutOfStockError(Exception):
    pass


def reserve(article: str) -> None:
    raise OutOfStockError(f"none left of {article}")


@app.post("/reserve/<article>")
def reservation(article: str) -> str:
    reserve(article)
    return "reserved"


server = make_server("127.0.0.1", 0, app)
Thread(target=server.serve_forever, daemon=True).start()
try:
    urlopen(f"http://127.0.0.1:{server.server_port}/reserve/tea", data=b"amount=2")
except HTTPError:
    print("failed as it should")
sentry_sdk.flush(10)
