"""SQL and the plain evaluator agree on what a query means, for every key there is."""

from datetime import timedelta
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.domain.event.derive.tags import user_tag
from tocsin.domain.event.event import Event, EventId, GroupingHash
from tocsin.domain.query.errors import MalformedQuery
from tocsin.domain.query.evaluate import holds
from tocsin.domain.query.keys import ALL_KEYS, Kind, Level
from tocsin.domain.query.parse import parse_event_query
from tocsin.domain.query.resolve import Names, resolve
from tocsin.domain.query.tree import Or, terms_of
from tocsin.storage.history.events import EVENTS_MAX, page
from tocsin.storage.history.insert import insert
from tocsin.storage.history.matching import matching
from tocsin.storage.history.scope import Page, ProjectScope, Selection

# One engine holds the events of all tests: the fixtures number their projects from a million, far below these.
project_ids = count(1 << 40)

WORDS = ("a", "A", "ab", "a b", "b%", "a_b", "é", "É", "12", "-3.5", "1e3", "true", "No", "back\\slash", "")
VERSIONS = ("", "app@1.2.3", "app@1.2.4+150", "app@1.2.4+b7", "lib@2.0.0-rc.1", "odd", "app@1.10.0")
TEXTS = ("type", "level", "platform", "title", "culprit", "location", "transaction", "dist", "environment", "user")
LISTS = ("error_types", "error_values", "error_mechanisms", "stack_filenames", "stack_functions", "stack_modules")

words = st.sampled_from(WORDS)
payloads = st.fixed_dictionaries(
    {},
    optional={
        "user": st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "email", "username", "ip_address"), words)),
        "request": st.fixed_dictionaries(
            {},
            optional={
                "method": words,
                "url": words,
                "headers": st.lists(st.tuples(st.sampled_from(["Referer", "X"]), words), max_size=3),
            },
        ),
        "contexts": st.fixed_dictionaries(
            {},
            optional={
                "response": st.fixed_dictionaries({"status_code": st.sampled_from([200, 404, None, "200"])}),
                "device": st.fixed_dictionaries({}, optional={"arch": words, "charging": st.booleans()}),
                "flags": st.fixed_dictionaries(
                    {
                        "values": st.lists(
                            st.fixed_dictionaries(
                                {"flag": st.sampled_from(["f", "g"]), "result": st.sampled_from([True, False, "a", 3])}
                            ),
                            max_size=3,
                        )
                    }
                ),
            },
        ),
        "threads": st.fixed_dictionaries(
            {
                "values": st.lists(
                    st.fixed_dictionaries({}, optional={"main": st.booleans(), "crashed": st.booleans()}), max_size=3
                )
            }
        ),
        "exception": st.fixed_dictionaries(
            {
                "values": st.lists(
                    st.fixed_dictionaries(
                        {},
                        optional={
                            "stacktrace": st.fixed_dictionaries(
                                {
                                    "frames": st.lists(
                                        st.fixed_dictionaries(
                                            {},
                                            optional={
                                                "lineno": st.sampled_from([1, 12, None]),
                                                "in_app": st.booleans(),
                                                "package": words,
                                            },
                                        ),
                                        max_size=3,
                                    )
                                }
                            )
                        },
                    ),
                    max_size=2,
                )
            }
        ),
    },
)
events = st.fixed_dictionaries(
    {
        **dict.fromkeys(TEXTS, words),
        **dict.fromkeys(LISTS, st.lists(words, max_size=3).map(tuple)),
        "message": st.lists(words, max_size=3).map(" ".join),
        "release": st.sampled_from(VERSIONS),
        "handled": st.booleans(),
        "minutes": st.integers(-3000, 0),
        "tags": st.dictionaries(st.sampled_from(["t", "device.class", "a:b"]), words, max_size=3),
        "payload": payloads,
    }
)

NAMES = [key.name for key in ALL_KEYS if key.level is Level.EVENT and key.kind is not Kind.PRESENCE]
NAMES += [
    "t",
    '"a:b"',
    "tags[t]",
    "tags[t,number]",
    "tags[t,boolean]",
    "flags[f]",
    "flags[f,boolean]",
    "flags[f,number]",
]
values = st.one_of(
    words.map(lambda word: '"' + word.replace("\\", "") + '"'),
    st.sampled_from(["a*", "*B*", "*", "b%*", "a_*", "[a, b*]", "[12, A]", "É*", r"\*", "x"]),
    st.sampled_from(["12", ">11", "<=12", ">-4", "[1, 12]", "true", "0", "-1d", "+2h", "2026-11-17", ">2026-11-18"]),
    st.sampled_from(
        ["1.2.3", "1.2.*", ">1.2.3", "app@1.2.4", "<2.0.0", "[1.2.3, 1.10.0]", "low", "app", "150", ">100"]
    ),
)
terms = st.builds(
    lambda sign, name, value: f"{sign}{name}:{value}", st.sampled_from(["", "!"]), st.sampled_from(NAMES), values
)
presences = st.builds(lambda sign, name: f"{sign}has:{name}", st.sampled_from(["", "!"]), st.sampled_from(NAMES))
free = st.sampled_from(["a", '"a b"', "É", "a*b", "%", "*"])
queries = st.lists(st.one_of(terms, presences, free), min_size=1, max_size=3).map(" ".join)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.lists(events, min_size=1, max_size=5), texts=st.lists(queries, min_size=6, max_size=6))
def test_sql_finds_the_events_that_the_evaluator_finds(history, noon, drawn, texts):
    project_id = next(project_ids)
    kept = [built(project_id, noon, number, dict(one)) for number, one in enumerate(drawn)]
    insert(history, f"queries-{project_id}", kept, noon)
    readable = [one for text in texts if (one := read(text, noon)) is not None]
    for query in (*readable, *([Or(tuple(readable))] if len(readable) > 1 else [])):
        clause = matching(resolve(query, Names(projects={}, versions=VERSIONS)), now=noon)
        rows = page(history, ProjectScope((project_id,)), Selection(where=clause), Page(EVENTS_MAX))
        found = sorted(row.event_id for row in rows)
        assert found == [one.event_id for one in kept if holds(query, one, now=noon)], query


def built(project_id, noon, number, fields):
    moment = noon + timedelta(minutes=fields.pop("minutes"))
    # As the pipeline does: whom the event tells of is in its user tag.
    fields["user"] = user_tag(fields["payload"].get("user")) or fields["user"]
    return Event(
        project_id=project_id,
        event_id=EventId(f"{project_id:016x}{number:016x}"),
        timestamp=moment,
        received=moment,
        metadata={},
        hashes=(GroupingHash("0" * 32),),
        tags=tuple(sorted(fields.pop("tags").items())),
        payload=msgspec.json.encode(fields.pop("payload")),
        **fields,
    )


def read(text, now):
    """Return what *text* asks, or None for what only the parser has an opinion about."""
    try:
        query = parse_event_query(text, now=now)
    except MalformedQuery:
        return None
    stage_or_project = {"release.stage", "project"}
    return None if any(term.key.name in stage_or_project for term in terms_of(query)) else query


def test_a_term_that_only_state_can_tell_is_a_mistake(noon):
    with pytest.raises(ValueError, match="project"):
        matching(parse_event_query("project:x", now=noon), now=noon)


@pytest.mark.parametrize("key", [key for key in ALL_KEYS if key.source is not None], ids=str)
def test_every_key_of_events_can_be_asked_of_history(history, make_event, project_id, noon, key):
    insert(history, f"{project_id}", [make_event(release="app@1.0.0")], noon)
    query = parse_event_query(f"has:{key.name} !has:{key.name}", now=noon)
    clause = matching(resolve(query, Names(projects={})), now=noon)
    assert page(history, ProjectScope((project_id,)), Selection(where=clause), Page(1)) == []
