"""Grouping answers what a person would, for nearly all of many pairs of events."""

from collections import Counter

from tests.checks.grouping_quality import PAGE, PAIRS, figures, misjudged, page, table


def test_the_pairs_are_many_and_of_both_labels():
    assert len(PAIRS) >= 300
    assert min(Counter(pair.is_same for pair in PAIRS).values()) > 100
    assert max(Counter((pair.category, pair.what) for pair in PAIRS).values()) == 1


def test_nearly_all_pairs_are_judged_as_a_person_would():
    print(table(), *misjudged(), sep="\n")
    whole = figures(PAIRS)
    assert whole.precision > 0.95
    assert whole.recall > 0.95


def test_the_documentation_shows_the_figures_of_now():
    text = PAGE.read_text()
    assert page(text) == text, "run `python -m tests.checks.grouping_quality --write`"
