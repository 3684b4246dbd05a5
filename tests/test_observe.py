"""Logs: every line has its time and level, and no traceback shows what variables held."""

import json
import logging

import pytest
import structlog

from tocsin.observe import configure_logging


@pytest.fixture(autouse=True)
def restored_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_logged_exception_shows_where_but_not_what_variables_held(log_format, capsys):
    configure_logging(log_format, "info")

    def break_with(secret):
        raise ValueError("broken")

    try:
        break_with("hunter2" * 3)
    except ValueError:
        structlog.get_logger("test").exception("it failed", request_id="r1")
    said = capsys.readouterr().err
    assert "break_with" in said
    assert "r1" in said
    assert "hunter2hunter2" not in said


def test_json_lines_are_objects_with_time_and_level(capsys):
    configure_logging("json", "warning")
    structlog.get_logger("test").info("left out")
    structlog.get_logger("test").warning("kept", number=1)
    logging.getLogger("library").error("also kept")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["kept", "also kept"]
    assert all({"timestamp", "level"} <= set(line) for line in lines)
