from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import count

import pytest

from tocsin.domain.event.event import Event, EventId, GroupingHash
from tocsin.domain.upkeep.tag_columns import TagColumn
from tocsin.storage.history.store import History
from tocsin.storage.history.upkeep import add_tag_columns

NOON = datetime(2026, 11, 18, 12, 0, 0, 123456, tzinfo=UTC)

# Other tests number their projects from one, in the same engine.
_project_ids = count(1_000_000)
_event_numbers = count(1)

_FEW = ("browser", "os", "server", "t", "device.class", "a:b", "level", "nosuchtag")
_MANY = ("user", "release", "id")


@pytest.fixture(scope="module", params=["maps", "columns"])
def history(history: History, request: pytest.FixtureRequest) -> Iterator[History]:
    """History as it is at first, all tags in maps, and after upkeep: nothing but the time it takes may differ."""
    if request.param == "columns":
        add_tag_columns(history, [TagColumn(key, has_few_values=key not in _MANY) for key in (*_FEW, *_MANY)])
        history.tag_columns = frozenset({*_FEW, *_MANY})
    yield history
    history.tag_columns = frozenset()


@pytest.fixture
def project_id() -> int:
    return next(_project_ids)


@pytest.fixture
def other_project_id() -> int:
    return next(_project_ids)


@pytest.fixture(scope="session")
def noon() -> datetime:
    return NOON


@pytest.fixture(scope="session")
def hash_of() -> Callable[[str], GroupingHash]:
    return _hash_of


@pytest.fixture
def make_event(project_id: int) -> Callable[..., Event]:
    def make(*, minutes: float = 0, group: str = "a", tags: dict[str, str] | None = None, **fields: object) -> Event:
        number = next(_event_numbers)
        moment = NOON + timedelta(minutes=minutes)
        values = {
            "project_id": project_id,
            "event_id": EventId(f"{number:032x}"),
            "timestamp": moment,
            "received": moment + timedelta(seconds=1),
            "type": "error",
            "level": "error",
            "platform": "python",
            "title": "ValueError: bad pressure",
            "metadata": {"type": "ValueError", "value": "bad pressure"},
            "tags": tuple(sorted((tags or {}).items())),
            "hashes": (_hash_of(group),),
            "payload": b'{"n":%d}' % number,
        }
        return Event(**{**values, **fields})

    return make


def _hash_of(group: str) -> GroupingHash:
    return GroupingHash(md5(group.encode()).hexdigest())
