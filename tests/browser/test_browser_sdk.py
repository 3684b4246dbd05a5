"""The official SDK for browsers, bundled as people ship it, in Chromium: across origins, and through a tunnel."""

import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import msgspec
import pytest
from tests.running import wait_for

ACCEPTANCE = Path(__file__).parents[1] / "acceptance"
PAGE = """<!doctype html><title>Shop</title><button id="pay">Pay</button><button id="ask">Ask</button>
<script type="application/json">%s</script><script type="module" src="/bundle.js"></script>"""


class Site(BaseHTTPRequestHandler):
    """The user's own site, on an origin of its own, with a proxy for the tunnel that understands nothing."""

    def __init__(self, bundle: bytes, options: dict[str, str], upstream: str, *arguments: object) -> None:
        self.bundle, self.options, self.upstream = bundle, options, upstream
        super().__init__(*arguments)

    def do_GET(self) -> None:
        is_bundle = self.path == "/bundle.js"
        body = self.bundle if is_bundle else (PAGE % msgspec.json.encode(self.options).decode()).encode()
        self._answer(200, "text/javascript" if is_bundle else "text/html", body)

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        answer = httpx.post(self.upstream, content=sent, headers={"Content-Type": self.headers["Content-Type"]})
        self._answer(answer.status_code, "application/json", answer.content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> bytes:
    made = tmp_path_factory.mktemp("bundle") / "bundle.js"
    subprocess.run(
        [
            str(ACCEPTANCE / "node/node_modules/.bin/esbuild"),
            *("--bundle", "--minify", "--format=esm", f"--outfile={made}", "--log-level=error"),
            str(ACCEPTANCE / "programs/browser_shop.js"),
        ],
        env={"NODE_PATH": str(ACCEPTANCE / "node/node_modules"), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        check=True,
        timeout=60,
    )
    return made.read_bytes()


@pytest.fixture
def visit(bundle, project, chromium) -> Iterator[object]:
    """Return what opens the page of a site whose SDK has these options, and says from where to where it sent."""
    servers: list[ThreadingHTTPServer] = []
    context = chromium.new_context()

    def opened(**options: str):
        upstream = f"{project.tocsin.url}/api/{project.id}/envelope/"
        site = partial(Site, bundle, {"dsn": str(project.dsn), **options}, upstream)
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), site))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{servers[-1].server_port}/")
        return page

    yield opened
    context.close()
    for server in servers:
        server.shutdown()
        server.server_close()


def issues(project, number):
    def found():
        listed = project.readable()
        return {issue["title"]: issue for issue in listed} if len(listed) == number else None

    return wait_for(found, f"{number} issues")


@pytest.mark.parametrize("options", [{}, {"tunnel": "/errors"}], ids=["across origins", "through a tunnel"])
def test_what_fails_in_a_page_becomes_issues(project, visit, options):
    page = visit(**options)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        page.click("#pay")
    assert sent.value.status == 200
    page.click("#ask")
    found = issues(project, 2)
    error = found["PaymentError: declined: 12"]
    assert (error["isUnhandled"], error["platform"], error["level"]) == (True, "javascript", "error")
    assert "RangeError: nobody answered" in found
    event = project.tocsin.get(f"/organizations/acme/issues/{error['id']}/events/latest/")
    entries = {entry["type"]: entry["data"] for entry in event["entries"]}
    frames = entries["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["absPath"].endswith("/bundle.js")
    assert frames[-1]["inApp"]
    tags = {tag["key"]: tag["value"] for tag in event["tags"]}
    assert tags.items() >= {"page": "checkout", "user": "id:7", "release": "page@4.5.6", "handled": "no"}.items()
    assert tags["browser.name"] in {"Chrome", "Headless Chrome", "HeadlessChrome"}
    assert entries["request"]["url"] == page.url
    assert "ui.click" in [crumb["category"] for crumb in entries["breadcrumbs"]["values"]]
    assert not [text for text in told if "CORS" in text]
