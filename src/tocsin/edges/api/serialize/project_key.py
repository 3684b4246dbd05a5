"""The keys SDKs send with, and the addresses made of them (spec/search.md 5.13)."""

from typing import Any
from urllib.parse import urlsplit

from tocsin.domain.organization import ClientKey
from tocsin.edges.api.serialize.instants import iso

_LOADER: dict[str, bool] = {
    "hasReplay": False,
    "hasPerformance": False,
    "hasDebug": False,
    "hasFeedback": False,
    "hasLogsAndMetrics": False,
}
_BROWSER_SDK_VERSION = "10.x"


def key_object(key: ClientKey, public_url: str) -> dict[str, Any]:
    """Return a key and its DSNs; *public_url* is where SDKs reach Tocsin."""
    limit = None
    if key.rate_limit_count is not None:
        limit = {"count": key.rate_limit_count, "window": key.rate_limit_window_seconds or 0}
    return {
        "id": key.public_key,
        "name": key.label,
        "label": key.label,
        "public": key.public_key,
        "secret": key.secret_key,
        "projectId": key.project_id,
        "isActive": key.is_active,
        "rateLimit": limit,
        "dsn": _dsns(key, public_url),
        "browserSdkVersion": key.options.get("browserSdkVersion", _BROWSER_SDK_VERSION),
        "browserSdk": {"choices": [[_BROWSER_SDK_VERSION, _BROWSER_SDK_VERSION]]},
        "dateCreated": iso(key.created_at),
        "dynamicSdkLoaderOptions": _LOADER | key.options.get("dynamicSdkLoaderOptions", {}),
        "useCase": "user",
    }


def _dsns(key: ClientKey, public_url: str) -> dict[str, str]:
    parts = urlsplit(public_url)
    place = f"{parts.netloc}{parts.path}"
    api, query = f"{public_url}/api/{key.project_id}", f"?sentry_key={key.public_key}"
    return {
        "public": f"{parts.scheme}://{key.public_key}@{place}/{key.project_id}",
        "secret": f"{parts.scheme}://{key.public_key}:{key.secret_key}@{place}/{key.project_id}",
        "csp": f"{api}/csp-report/{query}",
        "security": f"{api}/security/{query}",
        "minidump": f"{api}/minidump/{query}",
        "playstation": f"{api}/playstation/{query}",
        "nel": f"{api}/nel/{query}",
        "unreal": f"{api}/unreal/{key.public_key}/",
        "crons": f"{api}/cron/___MONITOR_SLUG___/{key.public_key}/",
        "cdn": f"{public_url}/js-sdk-loader/{key.public_key}.min.js",
        "integration": f"{api}/integration/",
        "otlp_traces": f"{api}/integration/otlp/v1/traces",
        "otlp_logs": f"{api}/integration/otlp/v1/logs",
    }
