"""The REST API (spec/search.md, spec/mutation.md)."""
