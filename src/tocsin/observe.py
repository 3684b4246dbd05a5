"""Logs and metrics: one place that says how Tocsin tells what it does."""

import logging
import sys
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

ACCEPTED = Counter("tocsin_accepted_total", "Requests of SDKs answered with 200.", registry=REGISTRY)
DIGESTED = Counter("tocsin_digested_total", "Events digested, by outcome.", ["outcome"], registry=REGISTRY)
DIGEST_SECONDS = Histogram("tocsin_digest_batch_seconds", "Time to digest one batch.", registry=REGISTRY)
DIGEST_FAILURES = Counter(
    "tocsin_digest_failures_total", "Batches given back; look at the log for the reason.", registry=REGISTRY
)
SPOOL_ENTRIES = Gauge("tocsin_spool_entries", "Accepted requests not digested yet.", registry=REGISTRY)
SPOOL_DEAD = Gauge("tocsin_spool_dead_letters", "Requests set aside; see `tocsin spool list`.", registry=REGISTRY)
HTTP_SECONDS = Histogram(
    "tocsin_http_seconds", "Time to answer a request.", ["method", "route", "status"], registry=REGISTRY
)


# Tracebacks without local variables: those hold events, passwords and cookies.
_json_tracebacks = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def _console(*, colors: bool) -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)


def configure_logging(log_format: str, log_level: str) -> None:
    """Send every log line, ours and the libraries', to standard error as text or JSON with UTC times."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderers: list[Any] = (
        [_json_tracebacks, structlog.processors.JSONRenderer()]
        if log_format == "json"
        else [_console(colors=sys.stderr.isatty())]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log_level.upper())
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(log_level.upper())),
        cache_logger_on_first_use=True,
    )
