"""Settings: read once, from options, the environment and an optional ``tocsin.toml``. Every limit lives here."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from tocsin.domain.errors import Refusal

PREFIX = "TOCSIN_"
FILE = "tocsin.toml"

_MIB = 1024 * 1024


class BadSettings(Refusal):
    """A setting that Tocsin does not know, or a value it cannot use."""

    code = "bad_settings"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting with its default; ``docs/settings.md`` is generated from the descriptions."""

    data: Annotated[str, Meta(description="Directory that holds everything Tocsin keeps.")] = "./tocsin-data"
    url: Annotated[str, Meta(description="Public URL, as people and SDKs reach it. Empty: made of host and port.")] = ""
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="Port to listen on.")] = 8000
    state_url: Annotated[
        str, Meta(description="State: sqlite:///path or postgresql://… Empty: state.db in the data directory.")
    ] = ""
    history_url: Annotated[
        str, Meta(description="History: chdb:///directory or clickhouse://… Empty: history in the data directory.")
    ] = ""
    spool_url: Annotated[
        str,
        Meta(description="Spool: file:///directory (nats:// is not built yet). Empty: spool in the data directory."),
    ] = ""
    blobs_url: Annotated[
        str, Meta(description="Blobs: file:///directory or s3://bucket/prefix. Empty: blobs in the data directory.")
    ] = ""
    log_format: Annotated[str, Meta(pattern="^(json|text)$", description="json or text.")] = "text"
    log_level: Annotated[
        str, Meta(pattern="^(debug|info|warning|error)$", description="debug, info, warning or error.")
    ] = "info"
    trusted_proxies: Annotated[
        str, Meta(description="Comma list of addresses whose X-Forwarded-For is believed; * for any.")
    ] = "127.0.0.1"
    tunnel_paths: Annotated[
        str, Meta(description="Comma list of paths of ours, such as /tunnel, that take envelopes by their dsn header.")
    ] = ""
    secure_cookies: Annotated[bool, Meta(description="Send the session cookie over https only.")] = False

    digest_processes: Annotated[int, Meta(ge=1, le=64, description="Worker processes for the pure part of digest.")] = 1
    digest_batch_entries_max: Annotated[
        int, Meta(ge=1, le=10_000, description="Most spool entries digested in one batch.")
    ] = 500
    digest_batch_bytes_max: Annotated[
        int, Meta(ge=1, description="Most body bytes in one batch, as they came over the wire.")
    ] = 32 * _MIB
    digest_tries_max: Annotated[
        int, Meta(ge=1, description="Tries before an entry that cannot be digested becomes a dead letter.")
    ] = 3
    duplicate_window_hours: Annotated[
        int, Meta(ge=1, description="How long a repeated event id is recognised as a duplicate, hours.")
    ] = 72
    retention_days: Annotated[int, Meta(ge=1, le=3650, description="How long events are kept, days.")] = 90

    envelope_wire_bytes_max: Annotated[int, Meta(ge=1, description="Largest request body as sent.")] = 100 * _MIB
    envelope_bytes_max: Annotated[int, Meta(ge=1, description="Largest envelope after decompression.")] = 200 * _MIB
    envelope_items_max: Annotated[int, Meta(ge=1, description="Most items in one envelope.")] = 1_000
    event_bytes_max: Annotated[int, Meta(ge=1, description="Largest event item.")] = _MIB
    attachment_bytes_max: Annotated[int, Meta(ge=1, description="Largest attachment, and all of one envelope.")] = (
        200 * _MIB
    )
    body_seconds_max: Annotated[float, Meta(gt=0, description="Longest time a request body may take.")] = 60.0
    project_events_per_hour_max: Annotated[
        int, Meta(ge=0, description="Most events of one project within an hour; 0 for no limit.")
    ] = 1_000_000
    project_events_per_month_max: Annotated[
        int, Meta(ge=0, description="Most events of one project within 30 days; 0 for no limit.")
    ] = 0
    events_per_hour_max: Annotated[int, Meta(ge=0, description="Most events of all within an hour; 0: no limit.")] = 0
    events_per_month_max: Annotated[int, Meta(ge=0, description="Most events of all within 30 days; 0: no limit.")] = 0
    spool_waiting_max: Annotated[
        int, Meta(ge=1, description="Most requests that may wait for the disk at one time.")
    ] = 4_096
    spool_waiting_bytes_max: Annotated[
        int, Meta(ge=1, description="Most body bytes that may wait for the disk at one time.")
    ] = 512 * _MIB
    api_body_bytes_max: Annotated[int, Meta(ge=1, description="Largest body of an API request.")] = _MIB
    api_concurrency_max: Annotated[int, Meta(ge=1, le=512, description="Most API requests answered at one time.")] = 16
    api_rate_limits: Annotated[
        bool,
        Meta(
            description="Answer 429 to more than 5 requests a second for single issues, or 5 deletions in 5 seconds, "
            "by the same user, the same organization's tokens or, without either, from the same address."
        ),
    ] = False
    query_seconds_max: Annotated[float, Meta(gt=0, description="Longest time one history query may take.")] = 20.0
    query_memory_bytes_max: Annotated[int, Meta(ge=1, description="Most memory one history query may use.")] = (
        2_048 * _MIB
    )
    login_attempts_per_minute_max: Annotated[
        int, Meta(ge=1, description="Failed log-ins per address and minute before 429.")
    ] = 10
    session_days: Annotated[int, Meta(ge=1, description="How long a browser stays logged in, days.")] = 30
    stop_seconds_max: Annotated[float, Meta(gt=0, description="Longest time for draining after SIGTERM.")] = 8.0

    @property
    def public_url(self) -> str:
        """The URL in DSNs, links and permalinks, without a trailing slash."""
        return (self.url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def directory(self) -> Path:
        """The data directory, absolute."""
        return Path(self.data).expanduser().resolve()

    def store_url(self, role: str) -> str:
        """Return the URL of one store (``state``, ``history``, ``spool``, ``blobs``), with its default filled in."""
        given: str = getattr(self, f"{role}_url")
        return given or _DEFAULT_STORE[role](self.directory)

    @property
    def embedded(self) -> bool:
        """Whether history lives inside this process, so that only one process may use the data directory."""
        return self.store_url("history").startswith("chdb:")


# Only SQLite's URLs count their slashes: three for a relative path, four for an absolute one.
_DEFAULT_STORE: dict[str, Callable[[Path], str]] = {
    "state": lambda directory: f"sqlite:///{directory / 'state.db'}",
    "history": lambda directory: f"chdb://{directory / 'history'}",
    "spool": lambda directory: (directory / "spool").as_uri(),
    "blobs": lambda directory: (directory / "blobs").as_uri(),
}

_SCHEMES = {
    "state": ("sqlite", "postgresql"),
    "history": ("chdb", "clickhouse"),
    "spool": ("file",),
    "blobs": ("file", "s3"),
}


def read_settings(
    options: Mapping[str, str | None], environment: Mapping[str, str], directory: Path = Path()
) -> Settings:
    """Return the settings: options win over the environment, the environment over ``tocsin.toml``.

    Raises BadSettings, in one line, for an unknown name or a value that does not fit.
    """
    values = _from_file(directory / FILE) | _from_environment(environment)
    values |= {name: value for name, value in options.items() if value is not None}
    return _checked(values)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    _refuse_unknown(found, lambda name: PREFIX + name.upper())
    return found


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} is not valid TOML: {error}.") from error
    _refuse_unknown(found, lambda name: f"{name} in {path}")
    return found


def _refuse_unknown(found: Mapping[str, Any], shown: Any) -> None:
    unknown = sorted(set(found) - set(Settings.__struct_fields__))
    if unknown:
        raise BadSettings(f"Unknown setting {shown(unknown[0])}. See `tocsin serve --help` for all settings.")


def _checked(values: dict[str, Any]) -> Settings:
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`")
        raise BadSettings(f"Bad setting {PREFIX}{name.upper()}: {text}; got {values.get(name)!r}.") from error
    for role in _SCHEMES:
        _check_store(role, settings.store_url(role))
    if settings.url and urlsplit(settings.url).scheme not in {"http", "https"}:
        raise BadSettings(f"Bad setting TOCSIN_URL: {settings.url!r} must start with http:// or https://.")
    return settings


def _check_store(role: str, url: str) -> None:
    scheme = urlsplit(url).scheme
    if scheme not in _SCHEMES[role]:
        known = " or ".join(f"{known}://" for known in _SCHEMES[role])
        raise BadSettings(f"Bad setting TOCSIN_{role.upper()}_URL: {url!r} must start with {known}.")
