"""The pages people see in a browser: rendered on the server, usable without scripts."""
