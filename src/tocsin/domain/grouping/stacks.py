"""What a stack trace says about the problem, seen by its in-app frames and by all frames (spec/ingest.md 5.4)."""

from functools import lru_cache
from itertools import chain

import msgspec

from tocsin.domain.grouping.evidence import Frame, family
from tocsin.domain.grouping.frames import frame_values, is_url
from tocsin.domain.grouping.functions import essential_function
from tocsin.domain.grouping.stack_rules import SCENES_CACHED_MAX, Scene, Selection, StackRules, select


class Views(msgspec.Struct, frozen=True):
    """The contributing texts of the two variants; a variant without any does not contribute."""

    app: tuple[str, ...] = ()
    system: tuple[str, ...] = ()


NOTHING = Views()

_NO_CALL = Frame()


@lru_cache(SCENES_CACHED_MAX)
def stack_views(scene: Scene, rules: StackRules) -> Views:
    """Return the texts of the frames of *scene* that count, oldest first; a call repeated in a row counts once."""
    if not scene.frames or _is_anonymous_snippet(scene):
        return NOTHING
    selection = select(scene, rules)
    app: list[tuple[str, ...]] = []
    system: list[tuple[str, ...]] = []
    before = _NO_CALL
    for frame, counts in zip(scene.frames, selection.counting, strict=True):
        if counts and not (frame.lineno == before.lineno and _is_same_call(frame, before)):
            texts = frame_values(frame, scene.platform)
            system.append(texts)
            if frame.in_app:
                app.append(texts)
        before = frame
    return Views(_bounded(app, selection), _bounded(system, selection))


def _is_same_call(frame: Frame, other: Frame) -> bool:
    return (
        frame.function == other.function
        and frame.colno == other.colno
        and frame.filename == other.filename
        and frame.module == other.module
        and frame.abs_path == other.abs_path
        and frame.package == other.package
    )


def _bounded(values: list[tuple[str, ...]], selection: Selection) -> tuple[str, ...]:
    values = values[:: -1 if selection.inverted else 1]
    if selection.frames_min or selection.frames_max:
        values = [texts for texts in values if texts]
        if len(values) < selection.frames_min:
            return ()
        values = values[-selection.frames_max :]
    return tuple(chain.from_iterable(values))


def _is_anonymous_snippet(scene: Scene) -> bool:
    """Return whether the stack is one unnamed call from no script file, such as code typed into a console."""
    if len(scene.frames) != 1 or family(scene.platform) != "javascript":
        return False
    (frame,) = scene.frames
    return not essential_function(frame.function or "", "javascript") and not is_url(frame.abs_path)
