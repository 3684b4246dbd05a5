"""A PostgreSQL server for tests, as long as they run."""

import os
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tocsin.storage.state.migration import migrate

PROGRAMS = [*os.get_exec_path(), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]


class Cluster:
    """A PostgreSQL server of our own on a Unix socket, and databases copied from a migrated template."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._as_owner: list[str] = []
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root; the folder's owner does it instead.
            shutil.chown(folder, "postgres", "postgres")
            self._as_owner = ["runuser", "-u", "postgres", "--"]

    def start(self) -> None:
        data = str(self.folder / "data")
        settings = f"-k {self.folder} -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=200"
        self._run("initdb", "-D", data, "-A", "trust", "-U", "tocsin", "--no-sync", "-E", "UTF8", "--no-locale")
        self._run("pg_ctl", "-D", data, "-w", "-o", settings, "-l", str(self.folder / "log"), "start")
        self._sql("CREATE DATABASE template_tocsin")
        migrate(self.url("template_tocsin"))

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, database: str) -> str:
        return f"postgresql://tocsin@/{database}?host={self.folder}"

    def copy(self, template: str = "template_tocsin") -> str:
        name = f"test_{uuid4().hex}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def _sql(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        found = shutil.which(program, path=os.pathsep.join(PROGRAMS))
        if found is None:
            pytest.skip(f"PostgreSQL's {program} is not installed (Debian: apt install postgresql)")
        command = [*self._as_owner, found, *arguments]
        with (self.folder.parent / "output").open("w+") as output:
            finished = subprocess.run(command, stdout=output, stderr=output, cwd="/", timeout=60, check=False)
            output.seek(0)
            assert finished.returncode == 0, output.read()
