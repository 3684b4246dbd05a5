"""A stack trace frame by frame: what each says and, where one does not count, why (spec/ingest.md 5.4, 5.5)."""

from itertools import chain

import msgspec

from tocsin.domain.grouping.evidence import Frame, family
from tocsin.domain.grouping.frames import is_url
from tocsin.domain.grouping.functions import essential_function
from tocsin.domain.grouping.reading import Reading
from tocsin.domain.grouping.stack_rules import Scene, Selection, StackRules, select

APP, SYSTEM = "app", "system"


class Step(msgspec.Struct, frozen=True):
    """One frame, oldest first."""

    frame: Frame
    values: tuple[str, ...]
    hint: str | None = None
    """Why it does not count; None when it does."""


class Walk(msgspec.Struct, frozen=True):
    """All frames of a stack trace, as one variant looks at them."""

    steps: tuple[Step, ...]
    inverted: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """What the stack trace says, in the order in which it is hashed."""
        counting = [step.values for step in self.steps if step.hint is None]
        return tuple(chain.from_iterable(reversed(counting) if self.inverted else counting))


def walk(scene: Scene, rules: StackRules, variant: str, reading: Reading) -> Walk:
    """Return what becomes of each frame of a classified stack trace in *variant*, ``app`` or ``system``."""
    if _is_lone_unnamed(scene) and is_url(scene.frames[0].abs_path) is reading.drops_lone_urls:
        said = reading.values_of(scene.frames[0], scene.platform)
        return Walk((Step(scene.frames[0], said, "a single call without a name says too little"),))
    selection = select(scene, rules)
    steps: list[Step] = []
    before: Frame | None = None
    for frame, counts in zip(scene.frames, selection.counting, strict=True):
        values = reading.values_of(frame, scene.platform)
        steps.append(Step(frame, values, _why_not(frame, before, values, variant, counts=counts)))
        before = frame
    return Walk(tuple(_bounded(steps, selection)), selection.inverted)


def _why_not(frame: Frame, before: Frame | None, values: tuple[str, ...], variant: str, *, counts: bool) -> str | None:
    if not counts:
        return "a stack trace rule leaves it out"
    # In front of the first frame stands one that says nothing.
    if _place(frame) == _place(before or Frame()):
        return "it repeats the call before it"
    if variant == APP and not frame.in_app:
        return "it is not in-app"
    return None if values else "nothing in it tells problems apart"


def _place(frame: Frame) -> tuple[object, ...]:
    return (
        frame.function,
        frame.lineno,
        frame.colno,
        frame.filename,
        frame.module,
        frame.abs_path,
        frame.package,
    )


def _bounded(steps: list[Step], selection: Selection) -> list[Step]:
    counting = [index for index, step in enumerate(steps) if step.hint is None]
    if len(counting) < selection.frames_min:
        return _without(steps, counting, f"fewer than {selection.frames_min} frames count")
    if not selection.frames_max:
        return steps
    in_order = counting[::-1] if selection.inverted else counting
    return _without(steps, in_order[: -selection.frames_max], f"only {selection.frames_max} frames count")


def _without(steps: list[Step], positions: list[int], hint: str) -> list[Step]:
    left_out = set(positions)
    return [Step(step.frame, step.values, hint) if index in left_out else step for index, step in enumerate(steps)]


def _is_lone_unnamed(scene: Scene) -> bool:
    if len(scene.frames) != 1 or family(scene.platform) != "javascript":
        return False
    return not essential_function(scene.frames[0].function or "", "javascript")
