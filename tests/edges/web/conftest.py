"""The pages over the same small real stores as the API, asked by a browser that is logged in as jane."""

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient
from tests.edges.api.conftest import Api

from tocsin.config import Settings
from tocsin.edges.api.app import make_app
from tocsin.edges.services import Services
from tocsin.edges.web.forms import form_token
from tocsin.edges.web.pages import PAGES
from tocsin.lib.passwords import hash_password
from tocsin.storage.history.store import History
from tocsin.storage.state import users
from tocsin.storage.state.engine import State
from tocsin.storage.state.migration import migrate

PASSWORD = "correct horse battery"
ORIGIN = "http://tocsin.test"
SAME_ORIGIN = {"origin": ORIGIN}


_apps: list[Litestar] = []


def _app_for(services: Services) -> Litestar:
    """Return the one application of the process, asking *services* now and without a memory of earlier log-ins."""
    if not _apps:
        _apps.append(make_app(services, PAGES))
    app = _apps[0]
    app.state.pop("login_attempts", None)
    app.state["services"] = services
    return app


class Site(Api):
    """What :class:`Api` is, seen with a browser."""

    def __init__(self, state: State, history: History, folder: Path, hashed: str, **settings: Any) -> None:
        super().__init__(state, history, folder)
        self.services = msgspec.structs.replace(
            self.services, settings=Settings(url=ORIGIN, data=str(folder), **settings)
        )
        self.client = TestClient(_app_for(self.services), base_url=ORIGIN)
        with state.write() as connection:
            users.set_password_hash(connection, self.jane.id, hashed)

    def log_in(self, email: str = "jane@acme.io", password: str = PASSWORD, **fields: str) -> Response:
        form = {"email": email, "password": password} | fields
        return self.client.post("/login", data=form, headers=SAME_ORIGIN, follow_redirects=False)

    def visit(self, path: str, **options: Any) -> Response:
        return self.client.get(path, headers={"accept": "text/html"} | options.pop("headers", {}), **options)

    def submit(self, path: str, fields: dict[str, Any], *, token: str | None = None, origin: str = ORIGIN) -> Response:
        """Send a form as one of our pages would, and follow to the page after it."""
        known = form_token(self.client.cookies["tocsin_session"]) if token is None else token
        return self.client.post(path, data={"form_token": known} | fields, headers={"origin": origin})

    def press(self, fields: dict[str, Any], query: str = "", **options: Any) -> Response:
        return self.submit(f"/organizations/acme/issues/changes{query}", fields, **options)


def text_of(page: Response) -> str:
    """Return what people read of a page: its text, without tags and in single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


@pytest.fixture(scope="session")
def hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture(scope="session")
def migrated_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("state") / "state.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def settings() -> dict[str, Any]:
    """Settings other than the usual; a test may override this."""
    return {}


@pytest.fixture
def stranger(
    tmp_path: Path, migrated_state: Path, empty_history: History, hashed: str, settings: dict[str, Any]
) -> Iterator[Site]:
    """A browser that nobody is logged in with."""
    shutil.copy(migrated_state, tmp_path / "state.db")
    state = State.open(f"sqlite:///{tmp_path}/state.db")
    site = Site(state, empty_history, tmp_path, hashed, **settings)
    with site.client:
        yield site
    site.spool.close()
    state.close()


@pytest.fixture
def site(stranger: Site) -> Site:
    """A browser that jane is logged in with."""
    assert stranger.log_in().status_code == 303
    return stranger
