"""Segments: what a crash or a broken disk may do to them, when new ones begin and when old ones go."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.domain.event.accepted import Accepted
from tocsin.storage.spool.local import LocalSpool

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
MANY = {"entries_max": 10_000, "bytes_max": 2**30}


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens the spool as another process would, with small segments."""
    spools = []

    def open_spool(segment_bytes_max=1000):
        spools.append(LocalSpool(tmp_path, segment_bytes_max=segment_bytes_max))
        return spools[-1]

    yield open_spool
    for spool in spools:
        spool.close()


def accepted(name: str = "", body: bytes = b"x" * 100) -> Accepted:
    return Accepted(project_id=1, public_key="a" * 32, received=NOW, event_id=name, body=body)


def group(*names: str) -> list[Accepted]:
    return [accepted(name) for name in names]


def segments(directory):
    return sorted(directory.glob("*.log"))


def names_of(batch) -> list[str]:
    return [entry.accepted.event_id for entry in batch.entries] if batch else []


def drained(spool) -> list[str]:
    names = []
    while batch := spool.claim(**MANY, now=NOW):
        names += names_of(batch)
        spool.done(batch.id)
    return names


def test_a_group_torn_at_any_byte_is_gone_and_what_came_before_it_stays(tmp_path):
    spool = LocalSpool(tmp_path / "whole")
    spool.append_many(group("a", "b"))
    (path,) = segments(tmp_path / "whole")
    before = path.stat().st_size
    spool.append_many([accepted("c", b"short")])
    whole = path.read_bytes()
    spool.close()
    for length in range(before, len(whole)):
        directory = tmp_path / str(length)
        directory.mkdir()
        (directory / path.name).write_bytes(whole[:length])
        spool = LocalSpool(directory)
        assert spool.depth().entries == 2
        spool.append_many(group("e"))
        assert names_of(spool.claim(**MANY, now=NOW)) == ["a", "b", "e"]
        spool.close()
    assert len(whole) - before > 100


@settings(max_examples=40)
@given(place=st.integers(0, 10_000), flipped=st.integers(1, 255))
def test_a_group_that_power_loss_left_with_wrong_bytes_is_gone(tmp_path_factory, place, flipped):
    directory = tmp_path_factory.mktemp("spool")
    spool = LocalSpool(directory)
    spool.append_many(group("a", "b"))
    (path,) = segments(directory)
    before = path.stat().st_size
    spool.append_many(group("c", "d"))
    spool.close()
    content = bytearray(path.read_bytes())
    content[before + place % (len(content) - before)] ^= flipped
    path.write_bytes(content)
    spool = LocalSpool(directory)
    assert spool.depth().entries == 2
    ids = spool.append_many(group("e"))
    again = LocalSpool(directory)
    assert again.depth().entries == 3
    batch = again.claim(**MANY, now=NOW)
    assert names_of(batch) == ["a", "b", "e"]
    assert batch.entries[-1].id == ids[0]
    spool.close()
    again.close()


def test_an_entry_that_the_disk_did_not_keep_is_left_out_and_the_others_are_handed_out(opened, tmp_path):
    spool = opened()
    spool.append_many([accepted("a"), accepted("b", b"spoiled"), accepted("c")])
    (path,) = segments(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"spoiled", b"spoilt."))
    assert names_of(spool.claim(**MANY, now=NOW)) == ["a", "c"]


def test_a_batch_of_which_the_disk_kept_nothing_does_not_hold_up_the_next(opened, tmp_path):
    spool = opened()
    spool.append_many([accepted("a", b"spoiled"), accepted("b")])
    (path,) = segments(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"spoiled", b"spoilt."))
    assert names_of(spool.claim(entries_max=1, bytes_max=2**20, now=NOW)) == ["b"]
    assert spool.depth().entries == 1


def test_what_cannot_be_read_in_a_drained_segment_is_set_aside(opened, tmp_path):
    spool = opened(segment_bytes_max=1)
    spool.append_many(group("a"))
    (path,) = segments(tmp_path)
    with path.open("ab") as file:
        file.write(b"whatever a broken disk left")
    spool.append_many(group("b"))
    assert drained(spool) == ["a", "b"]
    assert path.with_suffix(".unreadable").read_bytes().endswith(b"disk left")
    assert len(segments(tmp_path)) == 1


def test_a_full_segment_is_sealed_and_the_next_is_named_by_its_first_entry(opened, tmp_path):
    spool = opened()
    ids = [spool.append_many([accepted(body=b"x" * 600)])[0] for _ in range(5)]
    assert [int(path.stem) for path in segments(tmp_path)] == ids[::2]
    assert [oct(path.stat().st_mode & 0o777) for path in segments(tmp_path)] == ["0o400", "0o400", "0o600"]


def test_a_segment_goes_once_no_batch_needs_it_and_not_before(opened, tmp_path):
    spool = opened(segment_bytes_max=1)
    for name in "abcd":
        spool.append_many(group(name))
    first, second, third = (spool.claim(1, 2**20, NOW) for _ in range(3))
    paths = segments(tmp_path)
    spool.done(second.id)
    spool.give_back(third.id, "away", NOW + timedelta(minutes=1))
    fourth = spool.claim(1, 2**20, NOW)
    assert segments(tmp_path) == [paths[0], paths[2], paths[3]]
    spool.done(first.id)
    spool.done(fourth.id)
    assert spool.claim(1, 2**20, NOW) is None
    assert segments(tmp_path) == [paths[2], paths[3]]
    assert names_of(spool.claim(1, 2**20, NOW + timedelta(minutes=1))) == ["c"]


def test_a_segment_goes_only_after_a_write_that_makes_done_durable(opened, tmp_path):
    spool = opened(segment_bytes_max=1)
    for name in "ab":
        spool.append_many(group(name))
    statements = []
    spool.done(spool.claim(1, 2**20, NOW).id)
    spool._writer.set_trace_callback(
        lambda statement: statements.append((statement.split()[0], len(segments(tmp_path))))
    )
    spool.claim(1, 2**20, NOW)
    assert statements[-1] == ("COMMIT", 2)
    assert ("UPDATE", 2) in statements
    assert len(segments(tmp_path)) == 1


def test_ids_go_on_after_everything_was_drained_and_the_spool_opened_again(opened, tmp_path):
    spool = opened(segment_bytes_max=1)
    last = [spool.append_many(group(name))[0] for name in "abc"][-1]
    assert drained(spool) == ["a", "b", "c"]
    spool.close()
    assert opened().append_many(group("d")) == [last + 1]


def test_ids_of_claimed_entries_are_not_used_again_where_the_segments_are_lost(opened, tmp_path):
    spool = opened()
    last = spool.append_many(group("a", "b"))[-1]
    spool.claim(**MANY, now=NOW)
    spool.close()
    for path in segments(tmp_path):
        path.unlink()
    assert opened().append_many(group("c"))[0] > last


def test_two_processes_append_in_turn_and_a_third_sees_all(opened):
    one, other, third = opened(), opened(), opened()
    for round_number in range(12):
        for spool in (one, other):
            spool.append_many(group(f"{round_number}-{spool is one}"))
    assert third.depth() == one.depth() == other.depth()
    entries = third.claim(**MANY, now=NOW).entries
    assert [entry.id for entry in entries] == list(range(1, 25))
    assert [entry.accepted.event_id for entry in entries][:3] == ["0-True", "0-False", "1-True"]


def test_a_process_that_only_looks_follows_another_that_appends_and_drains(opened):
    looking, working = opened(), opened()
    for round_number in range(5):
        working.append_many(group(*"abcdefgh"))
        assert looking.depth().entries == 8
        drained(working)
        assert looking.depth().entries == 0, round_number
    assert looking.append_many(group("z"))[0] == 41
    assert drained(working) == ["z"]


def test_a_segment_sealed_by_a_process_that_died_before_beginning_the_next_is_followed_by_one(opened, tmp_path):
    spool = opened()
    spool.append_many(group("a"))
    segments(tmp_path)[0].chmod(0o400)
    spool.append_many(group("b"))
    assert len(segments(tmp_path)) == 2
    assert drained(opened()) == ["a", "b"]
