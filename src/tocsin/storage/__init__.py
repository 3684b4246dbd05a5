"""Where things are kept: rows, columns, files. No rules."""
