"""The endpoints that take no envelopes: what each makes of a body, and what it answers (spec/ingest.md 1.1)."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tocsin.domain.posts.crashes import take_minidump, take_unreal
from tocsin.domain.posts.others import (
    take_check_in,
    take_dialog,
    take_files,
    take_logs,
    take_network_errors,
    take_traces,
)
from tocsin.domain.posts.post import Parcels, Post
from tocsin.domain.posts.security import take_security
from tocsin.edges.intake import answers
from tocsin.edges.intake.answers import Answer
from tocsin.edges.intake.routes import Endpoint


class Taker(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint that makes envelopes of what it is sent."""

    take: Callable[[Post], Parcels]
    answer: Callable[[str], Answer]
    """What is said to who sent what was kept under that event id, ``""`` for none."""
    is_patient: bool = False
    """Whether who sends would send a declined request again and again, and is not told."""


def _always(answer: Answer) -> Callable[[str], Answer]:
    return lambda _event_id: answer


TAKERS: Final[Mapping[Endpoint, Taker]] = {
    Endpoint.SECURITY: Taker(take=take_security, answer=_always(answers.EMPTY)),
    Endpoint.NETWORK_ERRORS: Taker(take=take_network_errors, answer=_always(answers.EMPTY)),
    Endpoint.MINIDUMP: Taker(take=take_minidump, answer=answers.crash_id, is_patient=True),
    Endpoint.UNREAL: Taker(take=take_unreal, answer=answers.crash_id, is_patient=True),
    Endpoint.FILES: Taker(take=take_files, answer=_always(answers.CREATED)),
    Endpoint.CHECK_IN: Taker(take=take_check_in, answer=_always(answers.CHECKED_IN), is_patient=True),
    Endpoint.TRACES: Taker(take=take_traces, answer=_always(answers.NOTHING_STORED)),
    Endpoint.LOGS: Taker(take=take_logs, answer=_always(answers.NOTHING_STORED)),
    Endpoint.DIALOG: Taker(take=take_dialog, answer=_always(answers.NOTHING_STORED)),
}

METHODS: Final[Mapping[Endpoint, str]] = {Endpoint.CHECK_IN: "GET, POST", Endpoint.DIALOG: "GET, POST"}
"""Which methods an endpoint takes, besides OPTIONS; all others take POST."""
