"""What the recorded SDKs sent and Tocsin does not keep: everything that changes, and nothing else does."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from tests.domain.event.test_normalise_corpus import NAMES_WITH_EVENT, sent_events

from tocsin.domain.event.decode import decode_event
from tocsin.domain.event.normalise import normalise
from tocsin.domain.privacy import DEFAULT_SCRUBBER

GONE = "[Filtered]"
OWN_FRAME = "exception.values.0.stacktrace.frames"
WSGI_FRAMES = "exception.values.1.stacktrace.frames"
CHANGES = {
    "node-http-request-2": {"request.headers.1.1": ("Bearer t", GONE)},
    "python-wsgi-request": {
        "request.query_string.1.1": ("zzz", GONE),
        "request.data.card": ("4242424242424242", GONE),
        "request.data.nested.api_key": ("k", GONE),
        "request.headers.5.1": ("kk", GONE),
        f"{WSGI_FRAMES}.0.vars.environ.QUERY_STRING": ("'coupon=abc&password=zzz'", GONE),
        f"{WSGI_FRAMES}.0.vars.environ.REQUEST_URI": ("'/pay/7?coupon=abc&password=zzz'", GONE),
        f"{WSGI_FRAMES}.0.vars.environ.RAW_URI": ("'/pay/7?coupon=abc&password=zzz'", GONE),
        f"{WSGI_FRAMES}.0.vars.ctx": ("password=zzz", GONE),
        f"{WSGI_FRAMES}.3.vars.req": ("password=zzz", GONE),
        f"{WSGI_FRAMES}.4.post_context.1": ("{'card':'4242424242424242'", f"{{'card':'{GONE}'"),
    },
    "python1-legacy-1": {f"{OWN_FRAME}.1.vars.x.password": ("'p'", GONE)},
    "raven-legacy-1": {
        f"{OWN_FRAME}.{frame}.pre_context.{line}": (":secretsecret@", f":{GONE}@")
        for frame, line in ((0, 0), (0, 2), (1, 1), (1, 3))
    },
}
"""By event and path, a part of what was sent and of what is left."""


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    assert type(before) is type(after), path
    if isinstance(before, dict):
        assert list(before) == list(after), path
        pairs = [(f"{path}.{key}", before[key], after[key]) for key in before]
    elif isinstance(before, list):
        pairs = [(f"{path}.{index}", *both) for index, both in enumerate(zip(before, after, strict=True))]
    else:
        if before != after:
            yield path[1:], before, after
        return
    for place, one, other in pairs:
        yield from differences(one, other, place)


@pytest.mark.parametrize("name", NAMES_WITH_EVENT)
def test_of_a_recorded_event_only_the_secrets_go(name):
    ((body, arrival),) = sent_events(name)
    sent = normalise(decode_event(body), arrival)
    left = copy.deepcopy(sent)
    DEFAULT_SCRUBBER.scrub(left)
    sent.pop("_meta", None)
    meta = left.pop("_meta", {})
    found = {path: (before, after) for path, before, after in differences(sent, left)}
    expected = CHANGES.get(name, {})
    assert found.keys() == expected.keys()
    for path, (before, after) in found.items():
        assert expected[path][0] in before
        assert expected[path][1] in after
        node = meta
        for key in path.split("."):
            node = node[key]
        assert node[""]["len"] == len(before)


def test_no_known_secret_is_left_outside_of_code():
    for name in CHANGES:
        ((body, arrival),) = sent_events(name)
        payload = normalise(decode_event(body), arrival)
        DEFAULT_SCRUBBER.scrub(payload)
        assert "4242424242424242" not in str(payload)
        assert "secretsecret" not in str(payload)
        assert "password=zzz" not in str({key: value for key, value in payload.items() if key != "exception"})
