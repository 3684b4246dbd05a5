"""A process that works on a spool until it is killed, telling on stdout what it was told is so."""

import sys
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from random import Random
from uuid import uuid4

import structlog

from tocsin.domain.event.accepted import Accepted
from tocsin.storage.spool.local import LocalSpool

# Standard output is what the test listens to.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)


def tell(what: str, **facts: object) -> None:
    sys.stdout.write(dumps({"what": what, **facts}) + "\n")
    sys.stdout.flush()


def append(spool: LocalSpool, random: Random) -> None:
    names = [uuid4().hex for _ in range(random.randint(1, 8))]
    entries = [
        Accepted(project_id=1, public_key="a" * 32, received=NOW, event_id=name, body=random.randbytes(20_000))
        for name in names
    ]
    tell("appending", names=names)
    spool.append_many(entries)
    tell("appended", names=names)


def claim(spool: LocalSpool, random: Random) -> None:
    batch = spool.claim(entries_max=random.randint(1, 12), bytes_max=2**20, now=NOW)
    if batch is None:
        return
    names = [entry.accepted.event_id for entry in batch.entries]
    tell("claimed", batch=batch.id, names=names)
    match random.randrange(4):
        case 0:
            tell("finishing", batch=batch.id)
            spool.done(batch.id)
            tell("finished", batch=batch.id)
        case 1:
            spool.give_back(batch.id, "away", NOW)
        case 2 if random.random() < 0.3:
            tell("splitting", batch=batch.id)
            spool.split(batch.id)


def main() -> None:
    spool = LocalSpool(Path(sys.argv[1]))
    random = Random(int(sys.argv[2]))
    spool.recover()
    while True:
        random.choice([append, claim])(spool, random)


main()
