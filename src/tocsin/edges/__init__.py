"""Who asks: HTTP in, HTTP out. No rules, no SQL."""
