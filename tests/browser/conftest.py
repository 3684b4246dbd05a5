"""Chromium in front of a running Tocsin that has some events."""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.running import PASSWORD, Tocsin, wait_for

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FRAMES = [
    {"filename": "django/core/handlers.py", "function": "inner", "lineno": 55, "in_app": False},
    {"filename": "django/core/base.py", "function": "get", "lineno": 70, "in_app": False},
    {
        "filename": "pump/valves.py",
        "function": "open_valve",
        "lineno": 42,
        "in_app": True,
        "pre_context": ["def open_valve(bar):", "    if bar > 12:"],
        "context_line": "        raise TooHigh(bar)",
        "post_context": ["    return True"],
        "vars": {"bar": "13"},
    },
]
_numbers = count(1)


class Backend:
    """A project of its own in the running Tocsin, and what sends events to it."""

    def __init__(self, tocsin: Tocsin) -> None:
        self.tocsin = tocsin
        self.slug = f"web-{next(_numbers)}-{uuid4().hex[:6]}"
        made = msgspec.json.decode(tocsin.run("project", "add", self.slug, "--org", "acme", "--json"))
        self.id, self.dsn = made["id"], httpx.URL(made["dsn"])

    @property
    def stream(self) -> str:
        return f"{self.tocsin.url}/organizations/acme/issues/?query=is:unresolved&project={self.id}"

    def send(self, kind: str) -> None:
        """Send one error through the intake, as an SDK does."""
        event_id = uuid4().hex
        event = {
            "event_id": event_id,
            "timestamp": time.time(),
            "platform": "python",
            "exception": {"values": [{"type": kind, "value": "13 bar", "stacktrace": {"frames": FRAMES}}]},
            "breadcrumbs": {"values": [{"category": "query", "message": "SELECT 1", "level": "warning"}]},
            "request": {"method": "GET", "url": "https://shop.test/pay", "headers": {"Accept": "*/*"}},
            "contexts": {"pump": {"model": "X-200"}},
            "user": {"id": "7"},
            "release": "backend@1.0.0",
            "environment": "production",
            "fingerprint": [kind],
            "message": kind,
            "tags": {"kind": kind},
            "transaction": kind,
        }
        self.post(event_id, "event", event)

    def post(self, event_id: str, item_type: str, payload: dict[str, Any]) -> None:
        """Send an envelope of one item."""
        lines = ({"event_id": event_id}, {"type": item_type}, payload)
        body = b"\n".join(msgspec.json.encode(line) for line in lines)
        answer = httpx.post(
            f"{self.tocsin.url}/api/{self.id}/envelope/",
            content=body,
            headers={"X-Sentry-Auth": f"Sentry sentry_key={self.dsn.username}, sentry_version=7"},
        )
        assert answer.status_code == 200, answer.text

    def tell_sessions(self) -> None:
        """Tell of ten sessions of the same release, two of which crashed, and wait until they count."""
        now = datetime.now(UTC)
        items = [
            {
                "sid": f"{number:032x}",
                "did": f"{number}",
                "init": True,
                "started": (now - timedelta(days=number)).isoformat() if number < 5 else now.isoformat(),
                "status": "crashed" if number in {3, 7} else "exited",
                "attrs": {"release": "backend@1.0.0", "environment": "production"},
            }
            for number in range(10)
        ]
        lines = [b"{}", *(line for item in items for line in (b'{"type":"session"}', msgspec.json.encode(item)))]
        answer = httpx.post(
            f"{self.tocsin.url}/api/{self.id}/envelope/",
            content=b"\n".join(lines),
            headers={"X-Sentry-Auth": f"Sentry sentry_key={self.dsn.username}, sentry_version=7"},
        )
        assert answer.status_code == 200, answer.text
        wait_for(lambda: self._sessions() == 10, "the sessions")

    def _sessions(self) -> int:
        asked = {"field": "sum(session)", "project": self.id, "statsPeriod": "14d", "includeSeries": "0"}
        answer = self.tocsin.api.get("/organizations/acme/sessions/", params=asked)
        return answer.json()["groups"][0]["totals"]["sum(session)"]

    def issues(self, query: str = "is:unresolved") -> list[dict[str, Any]]:
        return self.tocsin.issues(query, project=self.id)

    def seeded(self, *kinds: str) -> "Backend":
        """Send one error of each kind and wait until each is an issue and its event can be read."""
        known = len(self.issues())
        for kind in kinds:
            self.send(kind)
        wait_for(lambda: len(self.readable()) == known + len(kinds), "the issues")
        return self

    def readable(self) -> list[dict[str, Any]]:
        """Return the issues whose events have reached the history, which is a moment after the issues themselves."""
        return [issue for issue in self.issues() if issue["count"] != "0"]


@pytest.fixture
def project(tocsin: Tocsin) -> Backend:
    """A project without events."""
    return Backend(tocsin)


@pytest.fixture
def backend(project: Backend) -> Backend:
    """A project with two issues."""
    return project.seeded("TooHigh", "TooLow")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def session(chromium: Browser, tocsin: Tocsin) -> Any:
    """The cookies of a jane who logged in once: passwords are slow on purpose, and their tries are counted."""
    context = chromium.new_context()
    page = context.new_page()
    log_in(page, tocsin)
    cookies = context.storage_state()
    context.close()
    return cookies


def log_in(page: Page, tocsin: Tocsin) -> None:
    page.goto(f"{tocsin.url}/login")
    page.get_by_label("E-mail or user name").fill("jane@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Issues").wait_for()


@pytest.fixture
def open_browser(chromium: Browser, session: Any) -> Iterator[Callable[..., Page]]:
    """Return what opens a window in which jane is logged in; a complaint of the browser's console fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(**options: Any) -> Page:
        context = chromium.new_context(**({"storage_state": session} | options))
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
