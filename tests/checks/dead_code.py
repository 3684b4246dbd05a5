"""Find functions, classes and imports that nothing uses: ``python tests/checks/dead_code.py``.

Vulture's "unused variables" are left out: fields of structs are read by msgspec, columns by the engines.
"""

import sys
from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).parents[2]
KINDS = {"function", "method", "property", "class", "import", "unreachable_code"}

# Used by a library through a protocol or a decorator, or by a template, not by a call of ours.
CALLED_BY_OTHERS = {
    "prepare", "start", "limit",  # listeners of SQLAlchemy
    "process_bind_param", "process_result_value", "load_dialect_impl", "coerce_compared_value",  # its column types
    "upgrade", "downgrade",  # Alembic
    "has_more", "libraries", "category_name",  # templates
}  # fmt: skip

# Built and tested with their module, and named in the design; the issue named is the first to call them.
AWAITED = {
    "release_line": "workflow: resolving in the next release",
    "revoke": "search: tokens change through the API",
}


def main() -> int:
    vulture = Vulture(ignore_decorators=["@cli.*", "@*_cli.*"])
    vulture.scavenge([str(ROOT / "src"), str(ROOT / "benchmarks")])
    unused = [
        item
        for item in vulture.get_unused_code(min_confidence=60)
        if item.typ in KINDS and item.name not in CALLED_BY_OTHERS | set(AWAITED)
    ]
    for item in unused:
        print(f"{item.filename.relative_to(ROOT)}:{item.first_lineno}: unused {item.typ} {item.name}")
    return 1 if unused else 0


if __name__ == "__main__":
    sys.exit(main())
