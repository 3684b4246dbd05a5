"""What exceptions say about the problem, alone, chained and in groups (spec/ingest.md 5.6)."""

from itertools import chain

import msgspec

from tocsin.domain.grouping.evidence import Evidence, Raised, Sdk
from tocsin.domain.grouping.parameterise import normalised_message
from tocsin.domain.grouping.stack_rules import StackRules, scene_of
from tocsin.domain.grouping.stacks import NOTHING, Views, stack_views

_RECOVERED_BY_REACT = (
    "There was an error during concurrent rendering but React was able to recover",
    "There was an error while hydrating but React was able to recover",
    "There was an error while hydrating this Suspense boundary. Switched to client rendering",
)
_RX_WRAPPERS = frozenset({"CompositeException", "OnErrorNotImplementedException", "UndeliverableException"})
_ROOT = 0


class _Weighed(msgspec.Struct, frozen=True):
    """An exception and its texts, and whether its stack trace is part of them."""

    raised: Raised
    stack: Views
    views: Views


def exception_views(evidence: Evidence, rules: StackRules) -> tuple[Views, int | None]:
    """Return the texts of all exceptions that count, and the id of the main one where that is not the last."""
    weighed = [_weigh(raised, evidence.platform, rules) for raised in evidence.raised]
    counting, main_id = _counting(weighed, evidence)
    views = Views(
        _joined([each.views.app for each in counting]),
        _joined([each.views.system for each in counting]),
    )
    if any(each.stack.system for each in counting) and not any(each.stack.app for each in counting):
        views = Views((), views.system)
    return views, main_id


def _joined(texts: list[tuple[str, ...]]) -> tuple[str, ...]:
    return texts[0] if len(texts) == 1 else tuple(chain.from_iterable(texts))


def _weigh(raised: Raised, platform: str | None, rules: StackRules) -> _Weighed:
    stack = NOTHING
    if raised.stacktrace:
        stack = stack_views(scene_of(raised.stacktrace, platform, rules, raised), rules)
    return _Weighed(raised, stack, Views(_texts(raised, stack.app), _texts(raised, stack.system)))


def _texts(raised: Raised, frames: tuple[str, ...]) -> tuple[str, ...]:
    mechanism = raised.mechanism
    type_ = raised.type if not (mechanism and mechanism.synthetic) else None
    ns_error = mechanism.meta.ns_error if mechanism and mechanism.meta else None
    if ns_error:
        said = (type_, str(ns_error.domain or ""), "" if ns_error.code is None else str(ns_error.code))
    else:
        said = (type_, "" if frames else normalised_message(raised.value or ""), "")
    return *filter(None, said), *frames


def _counting(weighed: list[_Weighed], evidence: Evidence) -> tuple[list[_Weighed], int | None]:
    """Return the exceptions that count, and the id of the main one."""
    if not any(each.raised.is_group for each in weighed) or _sends_odd_groups(evidence.sdk):
        return weighed, _wrapped_id(evidence.raised)
    tree = _tree(weighed)
    leaves = _distinct(_top_level(tree)) if tree else []
    if not tree or not leaves:
        return weighed, None
    if len(leaves) > 1:
        return [*leaves, tree[_ROOT].weighed], None
    path = _first_path(tree, leaves[0])
    return [each for each in weighed if each.raised.exception_id in path], leaves[0].raised.exception_id


def _sends_odd_groups(sdk: Sdk | None) -> bool:
    return bool(sdk and sdk.name and sdk.name.startswith("sentry.python") and (sdk.version or "").startswith("3."))


class _Node(msgspec.Struct, frozen=True):
    weighed: _Weighed
    children: list[int]
    """Exception ids, ascending."""


def _tree(weighed: list[_Weighed]) -> dict[int, _Node] | None:
    """Return the exceptions by id, or None when ids and parents do not make one tree with the root 0."""
    by_id = {each.raised.exception_id: each for each in weighed}
    if len(by_id) < len(weighed) or _ROOT not in by_id or None in by_id:
        return None
    tree = {id_: _Node(by_id[id_], []) for id_ in sorted(id_ for id_ in by_id if id_ is not None)}
    for id_, node in tree.items():
        if id_ == _ROOT:
            continue
        # SDKs number from the root, so a parent with a higher id would be a circle or a mistake.
        parent = node.weighed.raised.parent_id
        if parent is None or parent not in tree or parent >= id_:
            return None
        tree[parent].children.append(id_)
    return tree


def _top_level(tree: dict[int, _Node]) -> list[_Weighed]:
    """Return the exceptions right below groups that are no groups themselves, by id."""
    found, groups = [], [_ROOT]
    while groups:
        for child in tree[groups.pop()].children:
            if tree[child].weighed.raised.is_group:
                groups.append(child)
            else:
                found.append(tree[child].weighed)
    return found


def _distinct(leaves: list[_Weighed]) -> list[_Weighed]:
    """Return *leaves* by descending type, neighbours that say the same only once."""
    by_type = sorted(leaves, key=lambda leaf: leaf.raised.type or "", reverse=True)
    return [
        leaf
        for before, leaf in zip([None, *by_type], by_type, strict=False)
        if not before or before.views != leaf.views
    ]


def _first_path(tree: dict[int, _Node], leaf: _Weighed) -> set[int]:
    """Return the ids of *leaf*, its first cause, the first cause of that, and so on."""
    path: set[int] = set()
    below = [leaf.raised.exception_id or _ROOT]
    while below:
        path.add(below[0])
        below = tree[below[0]].children
    return path


def _wrapped_id(raised: list[Raised]) -> int | None:
    """Return the id of the exception that a wrapper at the end hides, if there is one."""
    if not raised or not _is_wrapper(raised[-1]) or raised[-1].exception_id is None:
        return None
    wrapper = raised[-1].exception_id
    return next((cause.exception_id for cause in reversed(raised[:-1]) if cause.parent_id == wrapper), None)


def _is_wrapper(raised: Raised) -> bool:
    if raised.type == "Error":
        return (raised.value or "").startswith(_RECOVERED_BY_REACT)
    return raised.type in _RX_WRAPPERS and (raised.module or "").startswith(("io.reactivex.", "rx."))
