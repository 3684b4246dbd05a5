"""A page made from the head of a line is the page of the whole line, once the head reaches far enough."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.domain.query.paging import Cursor, page_by_score
from tocsin.flows.search.counted import Reach
from tocsin.flows.search.ranked import Line, score_of

scores = st.lists(st.integers(1, 6), max_size=30)
cursors = st.none() | st.builds(Cursor, st.sampled_from([0.0, 1, 2, 3.5, 6, 9]), st.integers(-4, 12), st.booleans())


def line_of(scored):
    return Line(np.arange(1, 1 + len(scored)), np.array(scored, dtype=np.float64))


@given(scores, cursors, st.integers(1, 8))
def test_a_page_of_the_head_is_the_page_of_the_whole_line(scored, cursor, limit):
    whole, reach = line_of(scored), Reach(cursor, limit)
    long_enough = (length for length in range(len(whole)) if reach.ends_in(whole.scores[:length]))
    head = whole[: next(long_enough, len(whole))]
    page = page_by_score(head, score_of, cursor, limit)
    assert replace(page, hits=None) == replace(page_by_score(whole, score_of, cursor, limit), hits=None)


@given(scores)
def test_a_line_is_sorted_by_score_and_then_by_id_greatest_first(scored):
    pairs = [(one.score, one.id) for one in line_of(scored)]
    assert pairs == sorted(zip(scored, range(1, 1 + len(scored)), strict=True), reverse=True)
    assert [(one.score, one.id) for one in line_of(scored)[:3]] == pairs[:3]
