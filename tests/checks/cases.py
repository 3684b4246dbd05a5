"""How many cases of the specification have a test that carries their id.

    .venv/bin/python -m tests.checks.cases

An id stands in the test as ``mutation-B04``: in the id of a parameter, in a name or in a docstring.
"""

import json
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CASES: dict[str, list[str]] = json.loads((Path(__file__).with_name("cases.json")).read_text())


def carried() -> set[str]:
    """Return every id that a test carries."""
    mark = re.compile(rf"\b({'|'.join(CASES)})-([A-Z]+\d+[a-z]?)\b")
    texts = (path.read_text() for path in TESTS.rglob("test_*.py"))
    return {f"{table}-{row}" for text in texts for table, row in mark.findall(text)}


def missing() -> dict[str, list[str]]:
    """Return, for each table, the cases without a test."""
    tested = carried()
    return {table: [row for row in rows if f"{table}-{row}" not in tested] for table, rows in CASES.items()}


if __name__ == "__main__":
    for table, rows in missing().items():
        print(f"{table}: {len(CASES[table]) - len(rows)} of {len(CASES[table])} cases", *rows)
