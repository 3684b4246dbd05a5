"""Privacy options as people set them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import InvalidFields
from tocsin.domain.privacy import Scrubber, privacy_of
from tocsin.domain.privacy.options import privacy_options


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({}, {}),
        ({"name": "x", "resolveAge": 5}, {}),
        ({"dataScrubber": False, "scrubIPAddresses": "true"}, {"dataScrubber": False, "scrubIPAddresses": True}),
        (
            {"dataScrubberDefaults": 0, "storeAttachments": False},
            {"dataScrubberDefaults": False, "storeAttachments": False},
        ),
        ({"sensitiveFields": [" zip ", "", "zip", "ssn"]}, {"sensitiveFields": ["zip", "ssn"]}),
        ({"safeFields": "a\n\n b \n"}, {"safeFields": ["a", "b"]}),
        ({"safeFields": []}, {"safeFields": []}),
        ({"storeCrashReports": 0}, {"storeCrashReports": 0}),
        ({"storeCrashReports": None}, {"storeCrashReports": None}),
        ({"storeCrashReports": "-1"}, {"storeCrashReports": -1}),
        ({"relayPiiConfig": None}, {"relayPiiConfig": None}),
        ({"relayPiiConfig": "  "}, {"relayPiiConfig": None}),
        (
            {"relayPiiConfig": '{"applications": {"a": ["@ip"]}}'},
            {"relayPiiConfig": '{"applications": {"a": ["@ip"]}}'},
        ),
        ({"relayPiiConfig": {"applications": {"a": ["@ip"]}}}, {"relayPiiConfig": '{"applications":{"a":["@ip"]}}'}),
    ],
)
def test_options_are_checked_and_others_left_out(sent, stored):
    assert privacy_options(sent) == stored


def test_rules_may_be_sent_as_text_and_are_stored_as_json():
    text = "# ours\n[Remove] [Anything] from [$user]\n[Mask] [Email addresses] from [$user]\n"
    stored = json.loads(privacy_options({"relayPiiConfig": text})["relayPiiConfig"])
    assert stored["applications"] == {"$user": ["0", "1"]}
    assert stored["rules"]["1"] == {"type": "email", "redaction": {"method": "mask"}}


def test_every_mistake_is_told_at_once():
    with pytest.raises(InvalidFields) as refused:
        privacy_options(
            {
                "dataScrubber": "maybe",
                "scrubIPAddresses": None,
                "sensitiveFields": [1],
                "safeFields": ["a" * 201],
                "storeCrashReports": 101,
                "relayPiiConfig": "[Remove] [Everything] from [$string]",
            }
        )
    assert {name: message[0].split(";")[0] for name, message in refused.value.errors.items()} == {
        "dataScrubber": "Must be a valid boolean.",
        "scrubIPAddresses": "This field may not be null.",
        "sensitiveFields": "Must be a list of names.",
        "safeFields": "There may be 500 names of 200 characters",
        "storeCrashReports": "Ensure this value is less than or equal to 100.",
        "relayPiiConfig": "line 1: There is no data type [Everything]",
    }


@pytest.mark.parametrize("value", [5, True, [], ["[Remove] [Anything] from [a]"], '{"applications":', "{}x"])
def test_rules_of_another_type_are_refused(value):
    with pytest.raises(InvalidFields):
        privacy_options({"relayPiiConfig": value})


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=30)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
NAMES = ["dataScrubber", "sensitiveFields", "safeFields", "relayPiiConfig", "storeCrashReports", "storeAttachments"]


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_is_sent_is_refused_or_makes_a_scrubber(sent):
    try:
        options = privacy_options(sent)
    except InvalidFields:
        return
    scrubber = Scrubber(privacy_of({}, options))
    event = {"extra": {"a": "b"}, "platform": "python"}
    scrubber.scrub(event)
    assert event["platform"] == "python"
