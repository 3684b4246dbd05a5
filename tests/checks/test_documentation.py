"""What the documentation lists is what there is."""

import re
from pathlib import Path

import pytest
from tests.checks.documented import DOCS, pages

ROOT = DOCS.parent


@pytest.mark.parametrize("name", ["settings.md", "commands.md", "api.md"])
def test_the_page_lists_what_there_is(name):
    assert pages()[DOCS / name] == (DOCS / name).read_text(encoding="utf-8"), "run `make docs`"


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in sorted(DOCS.glob("*.md")))])
def test_links_between_pages_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target


def test_the_map_of_folders_names_every_package():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    for package in sorted(path.parent for path in (ROOT / "src" / "tocsin").rglob("__init__.py")):
        assert package.name in text, Path(package).relative_to(ROOT)
