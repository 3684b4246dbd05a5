import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import Malformed
from tocsin.domain.grouping.globs import path_glob, text_glob

PATTERNS = st.text("ab/*?", max_size=8)
SUBJECTS = st.text("ab/", max_size=10)


def matches_slowly(pattern: str, text: str, *, stops: str) -> bool:
    """Match by trying everything: ``*`` does not cross *stops*, ``**`` does."""
    if not pattern:
        return not text
    if pattern.startswith("**"):
        return any(matches_slowly(pattern.lstrip("*"), text[cut:], stops=stops) for cut in range(len(text) + 1))
    if pattern[0] == "*":
        return matches_slowly(pattern[1:], text, stops=stops) or (
            text != "" and text[0] not in stops and matches_slowly(pattern, text[1:], stops=stops)
        )
    fits = text != "" and (pattern[0] == text[0] or (pattern[0] == "?" and text[0] not in stops))
    return fits and matches_slowly(pattern[1:], text[1:], stops=stops)


@given(PATTERNS, SUBJECTS)
def test_a_text_glob_matches_like_any_other_glob(pattern, text):
    assert bool(text_glob(pattern).match(text)) is fnmatch.fnmatchcase(text, pattern)


@given(PATTERNS.filter(lambda pattern: "**/" not in pattern), SUBJECTS)
def test_a_path_glob_finds_what_trying_everything_finds(pattern, text):
    glob = path_glob("/" + pattern)
    assert bool(glob.match("/" + text)) is matches_slowly("/" + pattern, "/" + text, stops="/")


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "/srv/src/a.py", True),
        ("src/*.py", "/srv/src/b/a.py", False),
        ("/src/*.py", "/srv/src/a.py", False),
        ("**/vendor/**", "vendor/a.go", True),
        ("**/vendor/**", "/x/vendor/y/a.go", True),
        ("**/vendor/**", "/x/vendored/a.go", False),
        ("/src/**/a.py", "/src/a.py", True),
        ("/src/**/a.py", "/src/x/y/a.py", True),
        ("/src/**/a.py", "/src/xa.py", False),
        ("**A.PY", "/src/a.py", True),
        ("{http,https}://x.io/**", "https://x.io/a/b.js", True),
        ("src\\*.py", "C:/src/a.py", True),
    ],
)
def test_paths(pattern, path, expected):
    assert bool(path_glob(pattern).match(path)) is expected


def test_braces_choose_and_only_so_often():
    assert text_glob("{a,b}{c,d}").match("bd")
    assert not text_glob("{a,b}{c,d}").match("ab")
    with pytest.raises(Malformed, match="too many alternatives"):
        text_glob("{a,b}" * 7)


@pytest.mark.parametrize("compile_", [text_glob, path_glob])
def test_no_pattern_takes_long(compile_):
    glob = compile_("*a" * 40 + "**a" * 40 + "b")
    started = time.process_time()
    assert not glob.match("a" * 4000)
    assert time.process_time() - started < 0.5


@given(st.text("ab-!]*?[", max_size=8).filter(lambda pattern: "[]" not in pattern and "[!]" not in pattern), SUBJECTS)
def test_a_glob_with_classes_matches_like_any_other_glob(pattern, text):
    try:
        glob = text_glob(pattern, classes=True)
    except Malformed:
        return
    assert bool(glob.match(text)) is fnmatch.fnmatchcase(text, pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("[!3].[0-9].*", "1.4.2", True),
        ("[!3].[0-9].*", "3.4.2", False),
        ("[!3].[0-9].*", "1.x.2", False),
        ("a[*]b", "a*b", True),
        ("a[*]b", "axb", False),
        ("[^a]", "^", True),
        ("[a&&b|~~]", "&", True),
        ("[!]", "[!]", True),
        ("x[", "x[", True),
        ("{[0-4],9}", "9", True),
    ],
)
def test_classes_of_characters(pattern, text, expected):
    assert bool(text_glob(pattern, classes=True).match(text)) is expected


def test_brackets_mean_themselves_unless_classes_are_asked_for():
    assert text_glob("[0-9]").match("[0-9]")


def test_a_range_that_runs_backwards_is_told():
    with pytest.raises(Malformed, match="runs backwards; write a-z"):
        text_glob("[z-a]", classes=True)
