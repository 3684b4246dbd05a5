"""Every import contract fails when somebody breaks it: a contract that cannot fail protects nothing."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREAKS = {
    "layers": ("domain/access.py", "from tocsin.storage import spool as _broken"),
    "flows": ("flows/authenticate.py", "from tocsin.flows import administration as _broken"),
    "edges": ("edges/api/paging.py", "from tocsin.edges import web as _broken"),
    "pure-domain": ("domain/access.py", "import sqlite3 as _broken"),
    "sql-in-storage": ("flows/authenticate.py", "import sqlalchemy as _broken"),
    "http-in-edges": ("flows/authenticate.py", "import litestar as _broken"),
    "edges-read-through-views": ("edges/api/paging.py", "from tocsin.storage import blobs as _broken"),
    "workers-stay-light": ("lib/worker_pool.py", "import numpy as _broken"),
    "no-cycles": ("domain/issue/issue.py", "from tocsin.domain.issue import observe as _broken"),
}


def contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]]


def test_every_contract_has_a_way_to_break_it():
    assert sorted(BREAKS) == sorted(contracts())


@pytest.mark.parametrize("contract", sorted(BREAKS))
def test_a_broken_contract_is_reported(contract, tmp_path):
    name, line = BREAKS[contract]
    shutil.copytree(
        ROOT / "src" / "tocsin", tmp_path / "tocsin", ignore=shutil.ignore_patterns("vendor", "__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    module = tmp_path / "tocsin" / name
    module.write_text(module.read_text() + f"\n{line}\n")
    found = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache", "--contract", contract],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 1, found.stdout + found.stderr
    assert "BROKEN" in found.stdout
