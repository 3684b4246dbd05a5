"""The events that benchmarks send: the project's load tools where they are, so that figures can be compared."""

import importlib.util
import json
import os
import sys
import uuid
from pathlib import Path
from types import ModuleType

TOOLS = Path(os.environ.get("BENCH_TOOLS", "../shared/bench"))


def tool(name: str) -> ModuleType:
    """Return a module of the load tools; exits with what to do when they are not there."""
    path = TOOLS / f"{name}.py"
    if not path.exists():
        sys.exit(f"{path} does not exist; set BENCH_TOOLS to the folder with make_events.py and ingest_load.py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def envelopes(count: int, corpus: int = 200) -> list[tuple[str, bytes]]:
    """Return *count* envelopes of about 27 KB with their event ids, made of *corpus* distinct bodies in 50 groups."""
    bodies = tool("make_events").make_corpus(corpus)
    made = []
    for number in range(count):
        event_id = uuid.uuid4().hex
        event = json.dumps(bodies[number % corpus] | {"event_id": event_id}, separators=(",", ":")).encode()
        header = b'{"event_id":"%s"}\n{"type":"event","length":%d}\n' % (event_id.encode(), len(event))
        made.append((event_id, header + event + b"\n"))
    return made
