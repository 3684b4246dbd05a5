"""Find issues: plan a query over state and history, and answer with a page of issues and their figures."""

from tocsin.flows.search.explain import Explanation
from tocsin.flows.search.find import Search
from tocsin.flows.search.request import (
    DirectHit,
    FoundIssue,
    GroupStats,
    IssueSearch,
    Numbers,
    Series,
    Sort,
    Viewer,
    read_sort,
)

__all__ = [
    "DirectHit",
    "Explanation",
    "FoundIssue",
    "GroupStats",
    "IssueSearch",
    "Numbers",
    "Search",
    "Series",
    "Sort",
    "Viewer",
    "read_sort",
]
