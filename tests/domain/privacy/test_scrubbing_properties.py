"""What holds for every event: scrubbing never fails, adds nothing, and leaves nothing for a second time."""

import copy
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.privacy.conftest import ARRIVAL

from tocsin.domain.event.arrival import InvalidEvent
from tocsin.domain.event.derive import derive
from tocsin.domain.event.normalise import normalise
from tocsin.domain.grouping import DEFAULT_RULES, apply_rules, group_evidence
from tocsin.domain.privacy import DEFAULT_SCRUBBER, Privacy, Scrubber
from tocsin.domain.privacy.data_types import CREDIT_CARD, DATA_TYPES, IBAN, PEM_KEY, URL_AUTH, US_SSN, shape_of
from tocsin.domain.privacy.defaults import _ATTRIBUTES
from tocsin.domain.privacy.redaction import FILTER, rule_for

SECRETS = st.sampled_from(
    [
        "4242 4242 4242 4242",
        "DE89370400440532013000",
        "078-05-1120",
        "ftp://j:pw@h/",
        "Bearer abc",
        "10.0.0.1",
        "a@b.io",
    ]
)
WORDS = st.sampled_from(["password", "secret", "token=", "auth", "zip", "session", "ok", "cookies", "version", "data"])
TEXTS = st.one_of(
    SECRETS, WORDS, st.text(max_size=12), st.lists(st.one_of(SECRETS, WORDS, st.text(max_size=4))).map(" ".join)
)
KEYS = st.one_of(
    WORDS, st.text(max_size=8), st.sampled_from(["id", "email", "values", "vars", "frames", "headers", "env"])
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 10**17), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
FRAMES = st.fixed_dictionaries(
    {}, optional={"function": TEXTS, "vars": st.dictionaries(KEYS, VALUES, max_size=3), "context_line": TEXTS,
                  "pre_context": st.lists(TEXTS, max_size=2), "in_app": st.booleans()},
)  # fmt: skip
STACKTRACES = st.fixed_dictionaries({"frames": st.lists(FRAMES, max_size=3)})
EVENTS = st.dictionaries(
    st.sampled_from([*_ATTRIBUTES, "sdk", "errors", "_meta", "release", "my_secret", "other"]), VALUES, max_size=5
).flatmap(
    lambda odd: st.fixed_dictionaries(
        {},
        optional={
            "extra": st.dictionaries(KEYS, VALUES, max_size=4),
            "user": st.dictionaries(KEYS, VALUES, max_size=4),
            "tags": st.dictionaries(KEYS, TEXTS, max_size=3),
            "message": TEXTS,
            "request": st.fixed_dictionaries(
                {}, optional={"data": VALUES, "headers": st.dictionaries(KEYS, TEXTS), "cookies": TEXTS}
            ),
            "exception": st.lists(
                st.fixed_dictionaries({"type": TEXTS, "value": TEXTS, "stacktrace": STACKTRACES}), max_size=2
            ),
            "breadcrumbs": st.lists(
                st.fixed_dictionaries({"message": TEXTS, "data": st.dictionaries(KEYS, VALUES)}), max_size=3
            ),
        },
    ).map(lambda well_formed: odd | well_formed)
)
PRIVACIES = st.builds(
    Privacy,
    scrubs_data=st.booleans(),
    scrubs_defaults=st.booleans(),
    scrubs_addresses=st.booleans(),
    sensitive_fields=st.lists(WORDS, max_size=2).map(tuple),
    safe_fields=st.lists(WORDS, max_size=2).map(tuple),
)


def normalised(event):
    try:
        return normalise(copy.deepcopy(event), ARRIVAL)
    except InvalidEvent:
        return None


def leaves(value):
    if isinstance(value, dict):
        for child in value.values():
            yield from leaves(child)
    elif isinstance(value, list):
        for child in value:
            yield from leaves(child)
    else:
        yield value


def nodes(value):
    if isinstance(value, dict):
        return 1 + sum(map(nodes, value.values()))
    return 1 + sum(map(nodes, value)) if isinstance(value, list) else 1


def without_remarks(payload):
    return {key: value for key, value in payload.items() if key not in {"_meta", "errors"}}


@given(EVENTS, PRIVACIES)
def test_a_scrubbed_event_can_be_stored_and_scrubbing_it_again_changes_nothing(event, privacy):
    payload = normalised(event)
    if payload is None:
        return
    before = nodes(without_remarks(payload))
    Scrubber(privacy).scrub(payload)
    once = copy.deepcopy(payload)
    assert nodes(without_remarks(payload)) <= before
    Scrubber(privacy).scrub(payload)
    assert payload == once
    evidence = apply_rules(payload, DEFAULT_RULES)
    stored = derive(payload, group_evidence(evidence), ARRIVAL)
    assert msgspec.json.decode(stored.payload)["type"] == stored.type


@given(EVENTS)
def test_no_free_form_data_is_left_that_a_rule_matches(event):
    payload = normalised(event)
    if payload is None:
        return
    DEFAULT_SCRUBBER.scrub(payload)
    crumbs = payload.get("breadcrumbs", {"values": []})["values"]
    free = [payload.get(name) for name in ("extra", "my_secret", "other")]
    free += [crumb.get(name) for crumb in crumbs for name in ("message", "data")]
    for text in leaves(free):
        for data_type in (CREDIT_CARD, US_SSN, IBAN) if isinstance(text, str) else ():
            found = [match[0] for match in data_type.pattern.finditer(text)]
            assert not any(map(data_type.accepts or bool, found)), data_type.name


CALM = st.text(alphabet=string.ascii_lowercase + " .,", max_size=20).filter(
    lambda text: (
        not any(
            word in text for word in ("auth", "token", "key", "secret", "pass", "cred", "otp", "su", "sql", "bearer")
        )
    )
)
CALM_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 10**9), CALM),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(CALM, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(CALM, CALM_VALUES), CALM, st.dictionaries(CALM, CALM))
def test_an_event_without_secrets_comes_through_unchanged(extra, message, tags):
    payload = normalised({"extra": extra, "message": message, "tags": tags, "user": {"id": message}})
    before = copy.deepcopy(payload)
    DEFAULT_SCRUBBER.scrub(payload)
    assert payload == before


@given(st.dictionaries(st.sampled_from(["password", "token", "auth"]), VALUES, min_size=1))
def test_safe_fields_stay(extra):
    privacy = Privacy(safe_fields=("password", "token", "auth", *"abc"))
    payload = normalised(
        {"extra": {key: value if not isinstance(value, (dict, list)) else 1 for key, value in extra.items()}}
    )
    before = copy.deepcopy(payload)
    Scrubber(privacy).scrub(payload)
    assert payload == before


SHAPES = {
    "creditcard": CREDIT_CARD, "iban": IBAN, "pemkey": PEM_KEY, "urlauth": URL_AUTH, "usssn": US_SSN,
    "bearer": DATA_TYPES["bearer"], "email": DATA_TYPES["email"], "imei": DATA_TYPES["imei"],
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
@given(st.data())
def test_a_text_that_matches_has_one_of_the_needles(name, data):
    data_type = SHAPES[name]
    text = data.draw(st.from_regex(data_type.pattern))
    assert rule_for(data_type, "r", FILTER).may_match(shape_of(text))


@pytest.mark.parametrize("name", DATA_TYPES)
@pytest.mark.timeout(20)
def test_no_pattern_takes_more_than_linear_time(name):
    pattern = DATA_TYPES[name].pattern
    for unit in (
        "a",
        "4",
        " ",
        "-",
        ":",
        "://a",
        "@",
        "a@",
        "a.",
        "0:",
        "::",
        "1.",
        "bearer ",
        "-----BEGIN A PRIVATE KEY-----",
        "/home/",
        "\\n",
    ):
        assert pattern.sub("", unit * (200_000 // len(unit))) is not None
