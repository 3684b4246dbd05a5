"""What becomes of every recorded request is what somebody has reviewed."""

import json

import pytest
from tests.checks.snapshots import NAMES, SNAPSHOTS, differences


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_request_becomes_what_was_reviewed(name):
    difference = "\n".join(differences(name))
    assert not difference, f"review this, then: python -m tests.checks.snapshots --write\n{difference}"


def test_there_is_a_snapshot_for_every_recorded_request_and_no_other():
    assert sorted(path.stem for path in SNAPSHOTS.glob("*.json")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_snapshot_explains_the_hashes_of_its_event(name):
    for event in json.loads((SNAPSHOTS / f"{name}.json").read_text())["events"]:
        variants = event["grouping"]["variants"].values()
        assert event["hashes"] == [variant["hash"] for variant in variants if variant["contributes"]]
