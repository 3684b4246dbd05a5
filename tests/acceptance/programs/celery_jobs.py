"""A Celery application whose job fails in a worker; with ``send`` it orders the job, else it works until it is done."""

import os
import sys
from pathlib import Path

import sentry_sdk
from celery import Celery
from celery.signals import task_postrun
from sentry_sdk.integrations.celery import CeleryIntegration

sentry_sdk.init(os.environ["DSN"], release="jobs@2.0", environment="staging", integrations=[CeleryIntegration()])
folder = Path(os.environ["BROKER"])
for name in ("queue", "control"):
    (folder / name).mkdir(parents=True, exist_ok=True)
app = Celery("celery_jobs", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": str(folder / "queue"),
    "data_folder_out": str(folder / "queue"),
    "control_folder": str(folder / "control"),
}


def letter_of(invoice: dict) -> str:
    return invoice["address"].upper()


@app.task(name="jobs.send_invoice")
def send_invoice(number: int) -> str:
    return letter_of({"number": number})


@task_postrun.connect
def stop_after_one(**_: object) -> None:
    sentry_sdk.flush(10)
    app.control.broadcast("shutdown")


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send_invoice.delay(4711)
    else:
        app.worker_main(["worker", "--pool", "solo", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"])
