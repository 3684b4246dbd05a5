"""Events, append-only and analytical: ClickHouse, in-process or a server, one SQL."""
