"""Breadcrumbs, oldest first (spec/ingest.md 3.1)."""

from typing import Any

import msgspec

from tocsin.domain.event.normalise.clock import LAST_SECOND, shift_time
from tocsin.domain.event.normalise.databags import CRUMB_DATA
from tocsin.domain.event.normalise.levels import level_of
from tocsin.domain.event.normalise.remarks import Path, Remarks
from tocsin.domain.event.normalise.shapes import Object, Shape, Text128, Text8192, values_of

BREADCRUMBS_MAX = 500


class _Breadcrumb(msgspec.Struct, gc=False):
    type: Text128 = None
    category: Text128 = None
    message: Text8192 = None
    event_id: Text128 = None
    data: Object = None


_BREADCRUMB = Shape(_Breadcrumb)


def clean_breadcrumbs(sent: Any, shift: float, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the newest breadcrumbs as ``{"values": […]}``, their times shifted by *shift* seconds."""
    values = values_of(sent, path, remarks)
    if not values:
        return None
    path = (*path, "values")
    if len(values) > BREADCRUMBS_MAX:
        remarks.shortened(path, len(values))
        remarks.renumbered(path, len(values) - BREADCRUMBS_MAX)
        values = values[-BREADCRUMBS_MAX:]
    crumbs = _BREADCRUMB.fit_all(values, path, remarks)
    kept = [crumb for index, crumb in enumerate(crumbs) if _clean(crumb, index, shift, path, remarks)]
    return {"values": kept} if kept else None


def _clean(crumb: dict[str, Any], index: int, shift: float, path: Path, remarks: Remarks) -> bool:
    """Clean *crumb* in place; False if it is from before 1970 and has to go."""
    moment = crumb.get("timestamp")
    settled = type(moment) is float and 0.0 <= moment < LAST_SECOND and not shift
    if not settled and not shift_time(crumb, "timestamp", shift, (*path, str(index)), remarks):
        remarks.removed((*path, str(index)), crumb, reason="before 1970")
        return False
    crumb["level"] = level_of(crumb.get("level")) or "info"
    if not crumb.get("type"):
        crumb["type"] = _type_alias(crumb)
    if crumb.get("data"):
        crumb["data"] = CRUMB_DATA.kept(crumb["data"], (*path, str(index), "data"), remarks)
    return True


def _type_alias(crumb: dict[str, Any]) -> str:
    alias = crumb.pop("ty", None)
    return alias[:128] if isinstance(alias, str) and alias else "default"
