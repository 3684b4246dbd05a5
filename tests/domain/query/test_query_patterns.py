"""Wildcards: one meaning in Python, as a regular expression and as ILIKE."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.query.pattern import Pattern, escape, open_ended, parse_wildcards

ascii_texts = st.text("aAb%_\\.*\n", max_size=6)
parts = st.text("aAb%_\\.*", min_size=1, max_size=3)
patterns = st.builds(
    lambda first, middle, last: Pattern((first, *middle, last)),
    st.just("") | parts,
    st.lists(parts, max_size=2),
    st.just("") | parts,
)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("abc", "abc"),
        ("a*", Pattern(("a", ""))),
        ("*", Pattern(("", ""))),
        ("a**b", Pattern(("a", "b"))),
        (r"a\*b", "a*b"),
        (r"a\\*b", Pattern(("a\\", "b"))),
        (r"a\\\*b", "a\\*b"),
        (r"C:\dir\*.txt", r"C:\dir*.txt"),
        ("\\", "\\"),
    ],
)
def test_an_asterisk_is_a_wildcard_after_an_even_number_of_backslashes(text: str, meaning: str | Pattern) -> None:
    assert parse_wildcards(text) == meaning


@pytest.mark.parametrize(
    ("pattern", "text", "is_match"),
    [
        (("a", ""), "abc", True),
        (("a", ""), "ABC", True),
        (("a", ""), "xabc", False),
        (("", "c"), "abc", True),
        (("ab", "ba"), "aba", False),
        (("ab", "ba"), "abba", True),
        (("a", "b", "c"), "a_b_c", True),
        (("a", "b", "c"), "a_c_b", False),
        (("", "b", "b", ""), "abc", False),
        (("", ""), "", True),
    ],
)
def test_a_pattern_matches_whole_texts_in_any_letter_case(
    pattern: tuple[str, ...], text: str, *, is_match: bool
) -> None:
    assert Pattern(pattern).matches(text) is is_match


@given(ascii_texts)
def test_escaped_text_means_itself(text: str) -> None:
    assert parse_wildcards(escape(text)) == text


@given(patterns)
def test_a_pattern_survives_a_round_trip_through_text(pattern: Pattern) -> None:
    assert parse_wildcards(str(pattern)) == pattern


@given(patterns, ascii_texts)
def test_the_like_form_matches_the_same_texts(pattern: Pattern, text: str) -> None:
    tokens = re.findall(r"\\.|[^\\]", pattern.to_like(), re.DOTALL)
    as_regex = "".join(".*" if t == "%" else "." if t == "_" else re.escape(t[-1]) for t in tokens)
    assert (re.fullmatch(as_regex, text, re.DOTALL | re.IGNORECASE) is not None) is pattern.matches(text)


@given(patterns, ascii_texts, ascii_texts)
def test_a_pattern_found_anywhere_matches_whatever_is_around(pattern: Pattern, before: str, after: str) -> None:
    inside = "".join(pattern.parts)
    assert pattern.matches(inside)
    assert pattern.anywhere().matches(before + inside + after)


@given(st.text("ab*\\", max_size=4))
def test_an_open_ended_pattern_takes_its_text_literally(text: str) -> None:
    assert open_ended(text, before=True, after=True).matches(f"x{text}x")
    assert open_ended(text, after=True).matches(f"{text}x")
    assert open_ended(text, before=True).matches(f"x{text}")
    assert not open_ended(f"y{text}", after=True).matches(f"x{text}")
