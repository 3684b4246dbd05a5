"""What commits' messages say they fix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.issue import short_id
from tocsin.domain.release.fixes import FIXES_MAX, fixed_issues

VERBS = ("fix", "fixes", "fixed", "close", "closes", "closed", "resolve", "resolves", "resolved")

_SLUGS = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)
_SHORT_IDS = st.builds(short_id.encode, _SLUGS, st.integers(1, 2**40))
_SEPARATORS = st.sampled_from([", ", ",", " and ", ", and ", " & ", "  ,\n", "\nand "])
_CASES = st.sampled_from([str, str.lower, str.upper, str.title])
_PROSE = st.text(st.sampled_from("abc .,;:()\n"), max_size=40)


@st.composite
def _messages(draw):
    """Prose with one sentence in it that names issues, and these issues."""
    named = draw(st.lists(_SHORT_IDS, min_size=1, max_size=5, unique=True))
    verb = draw(_CASES)(draw(st.sampled_from(VERBS))) + draw(st.sampled_from([" ", ": ", ":", "\n"]))
    sentence = named[0] + "".join(draw(_SEPARATORS) + one for one in named[1:])
    before, after = draw(_PROSE), draw(_PROSE)
    return f"{before}\n{verb}{sentence}.{after}", tuple(named)


@given(_messages())
def test_every_issue_that_is_named_is_found_in_order(message):
    text, named = message
    assert fixed_issues(text) == named


@given(st.text())
def test_any_text_at_all_can_be_read(text):
    found = fixed_issues(text)
    assert len(found) == len(set(found)) <= FIXES_MAX
    assert all(one in text for one in found)


@given(st.text(st.sampled_from("fixes and,&-_A1 \n:"), max_size=300))
def test_what_is_found_follows_a_word_that_says_so(text):
    if not any(verb in text.lower() for verb in VERBS):
        assert fixed_issues(text) == ()
    assert all("-" in one for one in fixed_issues(text))


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Fixes BACKEND-1A", ["BACKEND-1A"]),
        ("Handle empty carts\n\nfixes backend-1a, BACKEND-2 and web-ui-7.", ["backend-1a", "BACKEND-2", "web-ui-7"]),
        ("Resolves: WEB-3 & WEB-4", ["WEB-3", "WEB-4"]),
        ("closed WEB-3; also fixes WEB-4", ["WEB-3", "WEB-4"]),
        ("(fixes WEB-3)", ["WEB-3"]),
        ("fixes WEB-3, closes WEB-3", ["WEB-3"]),
        ("fixes WEB-3 WEB-4", ["WEB-3"]),
        ("fixes WEB-3, and other things", ["WEB-3"]),
        ("prefixes WEB-3", []),
        ("unresolved WEB-3", []),
        ("hot-fix WEB-3", []),
        ("fixes", []),
        ("fixes WEB", []),
        ("fixes #12", []),
        ("fixesWEB-3", []),
        ("see WEB-3", []),
        ("fixing WEB-3", []),
        ("", []),
    ],
)
def test_only_fixes_are_found(message, found):
    assert list(fixed_issues(message)) == found


def test_a_message_names_a_limited_number_of_issues():
    assert len(fixed_issues("fixes " + ", ".join(f"A-{number}" for number in range(10_000)))) == FIXES_MAX


def test_a_long_message_is_read_in_no_time():
    assert fixed_issues("fix " * 20_000 + " " * 50_000 + "A-" * 20_000) == ()
