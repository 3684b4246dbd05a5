"""What strangers see of a shared issue's events (spec/mutation.md 8.1)."""

import msgspec
import pytest

from tocsin.domain.event.shareable import shareable

SECRET = "hunter2"
PRIVATE = {SECRET: SECRET}
FRAME = {
    "function": "open_valve",
    "module": "pump.valves",
    "filename": "pump/valves.py",
    "lineno": 42,
    "in_app": True,
    "pre_context": ["def open_valve(bar):"],
    "context_line": "    raise TooHigh(bar)",
    "post_context": [""],
}
HIDDEN_IN_FRAME = {"vars": PRIVATE, "data": PRIVATE, "abs_path": f"/home/{SECRET}/pump/valves.py"}
STACK = {"frames": [FRAME | HIDDEN_IN_FRAME], "registers": PRIVATE}
MECHANISM = {"type": "django", "handled": False}
EXCEPTION = {"type": "TooHigh", "value": "13 bar", "module": "pump"}
THREAD = {"id": 1, "name": "main", "crashed": True}


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (
            {"logentry": {"formatted": "13 bar", "message": "%s bar", "params": [SECRET]}},
            {"logentry": {"formatted": "13 bar"}},
        ),
        (
            {
                "exception": {
                    "values": [
                        EXCEPTION
                        | {
                            "mechanism": MECHANISM | {"data": PRIVATE, "meta": PRIVATE},
                            "stacktrace": STACK,
                            "raw_stacktrace": STACK,
                        }
                    ]
                }
            },
            {"exception": {"values": [EXCEPTION | {"mechanism": MECHANISM, "stacktrace": {"frames": [FRAME]}}]}},
        ),
        ({"stacktrace": STACK}, {"stacktrace": {"frames": [FRAME]}}),
        (
            {"threads": {"values": [THREAD | {"stacktrace": STACK, "held_locks": PRIVATE}, {"id": 2}]}},
            {"threads": {"values": [THREAD | {"stacktrace": {"frames": [FRAME]}}, {"id": 2}]}},
        ),
        (
            {"csp": {"effective_directive": "img-src", "document_uri": f"https://shop.test/{SECRET}"}},
            {"csp": {"effective_directive": "img-src"}},
        ),
        (
            {"template": {"filename": "a.html", "lineno": 1, "abs_path": SECRET}},
            {"template": {"filename": "a.html", "lineno": 1}},
        ),
        ({"exception": {"values": []}, "stacktrace": {"frames": None}, "logentry": None}, {}),
    ],
    ids=["message", "exception", "stack", "threads", "report", "template", "nothing"],
)
def test_what_went_wrong_is_shown_and_what_belongs_to_people_is_not(stored, shown):
    assert shareable(stored) == shown


def test_anything_else_an_event_has_is_private():
    names = (
        "user request breadcrumbs contexts extra tags modules sdk debug_meta server_name release _meta errors spans new"
    )
    event = dict.fromkeys(names.split(), PRIVATE) | {"exception": {"values": [EXCEPTION]}}
    assert SECRET not in msgspec.json.encode(shareable(event)).decode()
    assert shareable(event) == {"exception": {"values": [EXCEPTION]}}
