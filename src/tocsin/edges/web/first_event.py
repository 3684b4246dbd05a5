"""How to send the first event of a project: its DSN and a few lines for its platform."""

import msgspec

from tocsin.domain.organization import Project
from tocsin.edges.web.visit import Visit
from tocsin.flows.administration import dsn_of
from tocsin.storage.views import projects


class Snippet(msgspec.Struct, frozen=True):
    """What to install, and what to write; ``{dsn}`` stands for the DSN."""

    install: str
    code: str


PYTHON = Snippet(
    "pip install sentry-sdk",
    'import sentry_sdk\n\nsentry_sdk.init(dsn="{dsn}")\nsentry_sdk.capture_message("Hello from Tocsin")',
)
SNIPPETS = {
    "python": PYTHON,
    "javascript": Snippet(
        "npm install @sentry/browser",
        'import * as Sentry from "@sentry/browser";\n\nSentry.init({{ dsn: "{dsn}" }});\n'
        'Sentry.captureMessage("Hello from Tocsin");',
    ),
    "node": Snippet(
        "npm install @sentry/node",
        'const Sentry = require("@sentry/node");\n\nSentry.init({{ dsn: "{dsn}" }});\n'
        'Sentry.captureMessage("Hello from Tocsin");',
    ),
    "go": Snippet(
        "go get github.com/getsentry/sentry-go",
        'sentry.Init(sentry.ClientOptions{{Dsn: "{dsn}"}})\ndefer sentry.Flush(2 * time.Second)\n'
        'sentry.CaptureMessage("Hello from Tocsin")',
    ),
}


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody needs to send a first event."""

    project: Project
    dsn: str
    """Empty when the project has no active key."""
    install: str
    code: str


def setup_of(visit: Visit, project: Project) -> Setup:
    """Return how to send the first event of *project*."""
    keys = projects.keys_of_project(visit.services.views, project)
    key = next((key.public_key for key in keys if key.is_active), "")
    dsn = dsn_of(visit.services.settings.public_url, key, project.id) if key else ""
    snippet = SNIPPETS.get(project.platform.partition("-")[0], PYTHON)
    return Setup(project=project, dsn=dsn, install=snippet.install, code=snippet.code.format(dsn=dsn))
