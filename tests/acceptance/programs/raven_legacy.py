"""The client of before, which sends to the store endpoint with protocol 6."""

import os
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import raven

scheme, rest = os.environ["DSN"].split("://")
key, host = rest.split("@")
client = raven.Client(
    f"{scheme}://{key}:secret@{host}",
    release="old@1",
    environment="staging",
    tags={"era": "raven"},
    include_paths=["__main__"],
    install_sys_hook=False,
)
client.context.merge({"user": {"id": "9", "username": "joe"}})


def convert(amount: str) -> float:
    return float(amount)


try:
    convert("twelve")
except ValueError:
    client.captureException()
client.captureMessage("hello %s", params=("world",), level="warning")
client.context.clear()
