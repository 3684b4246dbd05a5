"""What machines ask: is it up, can it work, what does it count. No log-in, no secrets."""

from typing import Any

from litestar import Request, Response, get
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from tocsin import observe
from tocsin.edges.services import Services


@get("/healthz", summary="Is the process up", tags=["Operations"], opt={"public": True}, sync_to_thread=False)
def healthz() -> dict[str, str]:
    """Answer as long as the process answers at all."""
    return {"status": "ok"}


@get("/readyz", summary="Can it work", tags=["Operations"], opt={"public": True}, sync_to_thread=True)
def readyz(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Answer 200 when every part works, 503 and which one does not otherwise."""
    services: Services = request.app.state["services"]
    parts = services.health()
    ready = all(parts.values())
    return Response({"status": "ok" if ready else "unavailable", "parts": parts}, status_code=200 if ready else 503)


@get("/metrics", summary="Prometheus metrics", tags=["Operations"], opt={"public": True}, sync_to_thread=True)
def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer every counter in Prometheus' text form."""
    services: Services = request.app.state["services"]
    depth = services.spool_depth()
    observe.SPOOL_ENTRIES.set(depth.entries)
    observe.SPOOL_DEAD.set(depth.dead)
    return Response(generate_latest(observe.REGISTRY), media_type=CONTENT_TYPE_LATEST)


OPS = (healthz, readyz, metrics)
