"""The pages of the documentation that list things, made from what they list: ``python tests/checks/documented.py``.

A test compares the pages with what this makes, so that they cannot drift.
"""

import re
import sys
from pathlib import Path

import msgspec
import typer

from tocsin.cli import cli
from tocsin.config import PREFIX, Settings
from tocsin.edges.api.routes import ROUTES

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = "<!-- Made by `make docs`; what it lists is compared with the code by a test. -->\n\n"


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        GENERATED.strip(),
        "",
        "Every setting is an environment variable, a line in `tocsin.toml` in the working directory (lower case, without the",
        "prefix), and an option of every command that reads it (`--port 9000`). Options win over the environment, the environment",
        "over the file. An unknown setting or a bad value ends the program with one line and exit code 2.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for field in msgspec.structs.fields(Settings):
        description = next(m.description for m in field.type.__metadata__ if getattr(m, "description", None))
        default = f"`{field.default}`" if field.default != "" else ""
        lines.append(f"| `{PREFIX}{field.name.upper()}` | {default} | {description.replace('|', '&#124;')} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    lines = ["# Commands", "", GENERATED.strip(), ""]
    settings = set(Settings.__struct_fields__)
    for path, command in sorted(_commands(typer.main.get_command(cli))):
        arguments = [_shown(parameter) for parameter in command.params if parameter.name not in settings | {"help"}]
        lines += [f"## {' '.join(['tocsin', *path, *arguments])}", "", (command.help or "").strip(), ""]
    lines += ["Every command takes every [setting](settings.md) as an option too."]
    return "\n".join(lines) + "\n"


def _commands(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


def _shown(parameter) -> str:
    if parameter.param_type_name == "argument":
        return parameter.name.upper() + (" …" if parameter.nargs == -1 else "")
    text = parameter.opts[0] if parameter.is_flag else f"{parameter.opts[0]} {parameter.name.upper()}"
    return text if parameter.required else f"[{text}]"


def api_routes() -> str:
    lines = ["| method | path below `/api/0` | scopes, any one |", "|---|---|---|"]
    for route in ROUTES:
        anybody = "anybody, without credentials" if route.is_public else "any caller"
        scopes = ", ".join(sorted(route.scopes)) or anybody
        path = re.sub(r"\{(\w+)(?::\w+)?\}", r"{\1}", route.paths[0])
        lines.append(f"| {route.method} | `{path}/` | {scopes} |".replace("//`", "/`"))
    return "\n".join(lines) + "\n"


def api_page(existing: str) -> str:
    head, _, rest = existing.partition("<!-- routes -->\n")
    _, _, tail = rest.partition("<!-- end of routes -->\n")
    return f"{head}<!-- routes -->\n{api_routes()}<!-- end of routes -->\n{tail}"


def pages() -> dict[Path, str]:
    api = DOCS / "api.md"
    return {
        DOCS / "settings.md": settings_page(),
        DOCS / "commands.md": commands_page(),
        api: api_page(api.read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")
