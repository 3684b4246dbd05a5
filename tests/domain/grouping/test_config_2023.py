"""The configuration of 2023, pinned: hashes made with it are stored (spec/ingest.md 5.4, 5.6, 5.7)."""

from hashlib import md5

import pytest
from hypothesis import given
from tests.domain.grouping.test_grouping_properties import EVENTS

from tocsin.domain.grouping import LATEST, OLDEST, apply_rules, group_evidence

OWN = {"module": "shop", "function": "pay", "in_app": True}
LIBRARY = {"module": "lib", "function": "call", "in_app": False}


def error(type_="Declined", value="card 17", *frames, **mechanism):
    made = {"type": type_, "value": value}
    return (
        made
        | ({"stacktrace": {"frames": [*frames]}} if frames else {})
        | ({"mechanism": mechanism} if mechanism else {})
    )


def of(*errors, platform="python", **event):
    return {"platform": platform, "exception": {"values": [*errors]}} | event


def values(payload, config=OLDEST):
    grouping = group_evidence(apply_rules(payload), config=config)
    assert grouping.config == config
    return {variant.name: variant.values for variant in grouping.variants if variant.contributes}


NS_ERROR = {"ns_error": {"domain": "NSPOSIX", "code": 2}}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(of(error()), {"app": ("Declined", "card <int>")}, id="no stack"),
        pytest.param(of(error("Declined", "card 17", OWN)), {"app": ("shop", "pay", "Declined")}, id="stack first"),
        pytest.param(
            of(error("Declined", "card 17", LIBRARY, OWN)),
            {"app": ("shop", "pay", "Declined"), "system": ("lib", "call", "shop", "pay", "Declined")},
            id="two variants",
        ),
        pytest.param(of(error("Declined", "x", LIBRARY)), {"system": ("lib", "call", "Declined")}, id="system alone"),
        pytest.param(
            of(error("E", "x", OWN, meta=NS_ERROR)), {"app": ("shop", "pay", "E", "NSPOSIX", "2")}, id="ns error"
        ),
        pytest.param(of(error("E", "x", OWN, synthetic=True)), {"app": ("shop", "pay")}, id="synthetic"),
        pytest.param(
            of(error("A", "a", OWN), error("B", "b")), {"app": ("shop", "pay", "A", "B", "b")}, id="chained"
        ),
        pytest.param(
            of(
                error("B", "b", exception_id=2, parent_id=0),
                error("C", "c", exception_id=1, parent_id=0),
                error("G", "g", exception_id=0, is_exception_group=True),
            ),
            {"app": ("C", "c", "B", "b", "G", "g")},
            id="group",
        ),
        pytest.param(
            of(error("E", "x", {"abs_path": "https://x.io/a.js", "in_app": True}), platform="javascript"),
            {"app": ("E", "x")},
            id="a lone unnamed call from a URL says nothing",
        ),
        pytest.param(
            of(error("E", "x", {"filename": "a.js", "in_app": True}), platform="javascript"),
            {"app": ("a.js", "E")},
            id="a lone unnamed call from a file does",
        ),
        pytest.param(
            of(error("E", "x", OWN | {"context_line": " spawn_main(pipe_handle=17)"})),
            {"app": ("shop", "pay", "spawn_main(pipe_handle=17)", "E")},
            id="lines of code as they are",
        ),
        pytest.param(
            {"threads": {"values": [{"crashed": True, "stacktrace": {"frames": [OWN]}}, {}]}},
            {"app": ("shop", "pay")},
            id="thread",
        ),
        pytest.param({"stacktrace": {"frames": [OWN]}}, {"app": ("shop", "pay")}, id="stack trace"),
        pytest.param({"csp": {"effective_directive": "img-src", "blocked_uri": "https://x.io/a"}},
                     {"default": ("img-src", "x.io")}, id="csp"),
        pytest.param({"logentry": {"message": "a\n\nb 1\nc"}}, {"default": ("a\nb <int>...",)}, id="message"),
        pytest.param({"logentry": {"message": "to 10.1.2.3"}}, {"default": ("to <ip>",)}, id="ip"),
        pytest.param({}, {"fallback": ()}, id="nothing"),
    ],
)  # fmt: skip
def test_what_counts_and_in_which_order(payload, expected):
    assert values(payload) == expected


@pytest.mark.parametrize(
    "payload",
    [
        of(error("Declined", "x", OWN)),
        of(error("E", "x", {"filename": "a.js", "in_app": True}), platform="javascript"),
        of(error("E", "x", OWN | {"context_line": " spawn_main(pipe_handle=17)"})),
        {"logentry": {"message": "at 0a:1b:2c:3d:4e:5f"}},
    ],
)
def test_the_newest_configuration_reads_it_otherwise(payload):
    assert set(values(payload).values()).isdisjoint(values(payload, LATEST).values())


def test_a_pinned_hash():
    grouping = group_evidence(apply_rules(of(error("Declined", "card 17", OWN))), config=OLDEST)
    assert grouping.hashes == (md5(b"shoppayDeclined", usedforsecurity=False).hexdigest(),)


@given(EVENTS)
def test_every_object_has_a_grouping(payload):
    hashes = group_evidence(apply_rules(payload), config=OLDEST).hashes
    assert 1 <= len(set(hashes)) == len(hashes) <= 2
