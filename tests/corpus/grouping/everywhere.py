"""What is the same on all platforms."""

import copy
from collections.abc import Iterator

from tests.corpus.grouping.events import SAMPLES, Frame
from tests.corpus.grouping.pair import Event, Pair, differ, same


def frames_of(event: Event) -> list[Frame]:
    return event["exception"]["values"][-1]["stacktrace"]["frames"]


def changed(event: Event, **parts: object) -> Event:
    """Return the event with *parts* in each of its frames."""
    other = copy.deepcopy(event)
    for frame in frames_of(other):
        frame.update(parts)
    return other


def _moved(event: Event) -> Event:
    other = copy.deepcopy(event)
    for frame in frames_of(other):
        frame["lineno"] = frame.get("lineno", 0) + 3
        frame["pre_context"] = ["one", "more"]
    return other


def _in_another_function(event: Event) -> Event:
    """Return the same error of the same handler, raised in another function of the shop."""
    other = copy.deepcopy(event)
    own = [frame for frame in frames_of(other) if frame.get("in_app")]
    for name in ("function", "raw_function"):
        if name in own[-1]:
            own[-1][name] = own[-1][name].replace("otal", "axes")
    own[-1].pop("context_line", None)
    return other


def _pairs() -> Iterator[Pair]:
    for platform, event in SAMPLES.items():
        yield same("line moved", platform, event, _moved(event))
        yield same(
            "release changed", platform, event, copy.deepcopy(event) | {"release": "shop@2.0", "environment": "test"}
        )
        yield differ("same type, other function", platform, event, _in_another_function(event))
        other = copy.deepcopy(event)
        other["exception"]["values"][-1] |= {"type": "OutOfMemoryError", "value": "out of memory"}
        yield differ("other type, same function", platform, event, other)
        other = copy.deepcopy(event)
        other["exception"]["values"][-1]["value"] += " of user 8812"
        yield same("value changed, same stack", platform, event, other)
        again = copy.deepcopy(event)
        frames_of(again).append(copy.deepcopy(frames_of(again)[-1]))
        deep = copy.deepcopy(event)
        frames_of(deep).extend(copy.deepcopy([frames_of(deep)[-1]] * 60))
        yield same("recursion depth", platform, again, deep)
    for platform in ("browser", "react native", "source maps", "node", "dart"):
        yield same("column changed", platform, SAMPLES[platform], changed(SAMPLES[platform], colno=77))
    for platform in ("python", "node", "ruby", "php"):
        yield same(
            "local variables changed",
            platform,
            SAMPLES[platform],
            changed(SAMPLES[platform], vars={"n": "5", "who": "<User 7>"}),
        )
    for platform in ("python", "node", "ruby", "php", "source maps"):
        other = copy.deepcopy(SAMPLES[platform])
        for frame in frames_of(other):
            if "context_line" in frame:
                frame["context_line"] = "\t\t" + frame["context_line"].strip().replace(" ", "  ") + "  "
        yield same("whitespace changed", platform, SAMPLES[platform], other)


PAIRS = list(_pairs())
