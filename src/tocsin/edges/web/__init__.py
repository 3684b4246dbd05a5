"""Pages for people: server-rendered, one module a page."""
