"""How much one request of an SDK may hold (spec/ingest.md 1.6)."""

import msgspec

_KIB = 1024
_MIB = 1024 * _KIB


class IntakeLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one request; the defaults are those of spec/ingest.md 1.6."""

    envelope_wire_bytes_max: int = 100 * _MIB
    """Largest request body as sent."""
    envelope_bytes_max: int = 200 * _MIB
    """Largest envelope after decompression."""
    envelope_items_max: int = 1_000
    header_bytes_max: int = 64 * _KIB
    """Longest header line of an envelope or an item; the ``trace`` header can be long."""
    event_bytes_max: int = _MIB
    """Sum of the items that are events, and the largest body of the store endpoint."""
    attachment_bytes_max: int = 200 * _MIB
    """Sum of the attachments and user reports, and so the largest of them."""
    attachments_max: int = 100
    sessions_max: int = 100
    """Most ``session`` and ``sessions`` items."""
    client_report_bytes_max: int = 4 * _KIB
    """Sum of the client reports."""
    check_in_bytes_max: int = 100 * _KIB
    container_bytes_max: int = 10 * _MIB
    """Sum of the containers of logs, spans or metrics, each kind by itself."""
    profile_bytes_max: int = 50 * _MIB
    replay_bytes_max: int = 100 * _MIB
    body_seconds_max: float = 60.0
    """Longest time that a request body may take to arrive."""
