import os
import stat

import pytest

from tocsin.lib.durable_file import free_bytes, make_directory, write_file


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_a_file_holds_what_was_written(tmp_path):
    write_file(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    assert names(tmp_path) == ["a"]


def test_a_file_written_again_is_replaced(tmp_path):
    write_file(tmp_path / "a", b"old and long")
    write_file(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_content_is_synced_before_its_name_appears_and_the_directory_after(tmp_path, monkeypatch):
    path, seen, fsync = tmp_path / "a", [], os.fsync

    def watched(descriptor):
        fsync(descriptor)
        seen.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))

    monkeypatch.setattr(os, "fsync", watched)
    write_file(path, b"content")
    assert seen == [(False, False), (True, True)]


def test_a_failed_write_leaves_what_was_there_and_no_rest(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError):
        write_file(tmp_path / "a", b"content")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == []


def test_a_directory_is_made_with_its_parents_and_once_is_enough(tmp_path):
    make_directory(tmp_path / "a" / "b" / "c")
    make_directory(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_a_file_in_the_place_of_a_directory_is_an_error(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(FileExistsError):
        make_directory(tmp_path / "a")


def test_the_room_left_on_the_disk_is_what_the_system_reports(tmp_path):
    assert 0 < free_bytes(tmp_path) <= os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize
