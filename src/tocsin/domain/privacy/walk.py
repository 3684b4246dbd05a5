"""One walk over the free-form data of one event.

Most of it is clean. So a region is surveyed first: its keys are judged, and its texts are looked at all at once. Only
what has something to scrub is gone through piece by piece.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from tocsin.domain.privacy.data_types import FILTERED
from tocsin.domain.privacy.keys import CONDEMNED, SESSION_COOKIE, SESSION_COOKIES, Verdict, words_in
from tocsin.domain.privacy.notes import Notes, Path
from tocsin.domain.privacy.redaction import FILTER, Method, Redaction, TextRule, edited
from tocsin.domain.privacy.treatment import ADDRESSES, Treatment, Treatments

CARD_NUMBER_MIN = 10**14
"""Smaller numbers are no credit cards."""

USER_AGENT = "User-Agent"
"""The one header that is left alone: browsers are known by it, people are not."""

_SESSIONS = TextRule(id=SESSION_COOKIES, pattern=SESSION_COOKIE, groups=("value",), redaction=FILTER)
_REMOVE = Redaction(Method.REMOVE)

_encode = msgspec.json.Encoder().encode


class Needs(msgspec.Struct, frozen=True):
    """What must be done in a region besides judging its keys."""

    texts: Treatment | None

    def changes(self, text: str) -> bool:
        """Say whether a text under a plain key may be changed; False is certain."""
        return self.texts is not None and self.texts.changes(text)


KEYS_ONLY = Needs(None)
_ONLY_TEXTS = frozenset({str})
_MATTERS = CONDEMNED | {Verdict.COOKIES}


class Walk:
    """Scrubs free-form data in place. What is at the paths in *spared* stays as it is."""

    def __init__(self, treatments: Treatments, notes: Notes, spared: Collection[Path] = frozenset()) -> None:
        self.treatments = treatments
        self._keys = treatments.keys
        self._notes = notes
        self._spared = spared

    def look(self, region: Any, treatment: Treatment) -> Needs | None:
        """Return what *region* needs, None when it is clean."""
        texts: list[str] = []
        matters = self._survey(region, texts)
        needed = treatment.needed("\n".join(texts))
        return Needs(needed) if needed or matters else None

    def look_at_each(
        self, regions: Sequence[Any], treatment: Treatment, besides: Iterable[Any] = ()
    ) -> list[Needs | None]:
        """Return what each of many regions needs; their texts, and those *besides*, are looked at together."""
        texts = [text for text in besides if type(text) is str]
        matters = [self._survey(region, texts) for region in regions]
        needed = treatment.needed("\n".join(texts))
        if needed:
            return [Needs(needed)] * len(regions)
        return [KEYS_ONLY if each else None for each in matters]

    def look_at_pairs(self, pairs: list[Any], treatment: Treatment) -> Needs | None:
        """Return what a list of ``[name, value]`` needs, None when it is clean."""
        matters = not _MATTERS.isdisjoint([self._keys[name] for name, _ in pairs])
        needed = treatment.needed("\n".join([value for _, value in pairs]))
        return Needs(needed) if needed or matters else None

    def _survey(self, value: Any, texts: list[str]) -> bool:
        """Gather what is to be read in *value*, and say whether one of its keys matters."""
        if not value:
            return False
        matters = False
        if type(value) is dict:
            matters = not _MATTERS.isdisjoint(map(self._keys.__getitem__, value))
            value = value.values()
        elif type(value) is not list:
            value = (value,)
        # Variables are mostly nothing but texts; that much can be told without a loop of ours.
        if _ONLY_TEXTS.issuperset(map(type, value)):
            texts += value
            return matters
        for child in value:
            kind = type(child)
            if kind is str:
                texts.append(child)
            elif kind is dict or kind is list:
                matters |= self._survey(child, texts)
            elif kind is int and child >= CARD_NUMBER_MIN:
                texts.append(str(child))
        return matters

    def region(self, owner: dict[str, Any], name: str, path: Path, *, shaped: bool = False) -> None:
        """Scrub one member of *owner* after a look at it; see :func:`member`."""
        self.member(owner, name, path, self.look({name: owner[name]}, self.treatments.free), shaped=shaped)

    def member(
        self, owner: dict[str, Any], name: str, path: Path, needs: Needs | None, *, shaped: bool = False
    ) -> None:
        """Scrub one member of *owner*; one that is *shaped* stays an object or a list, or goes."""
        if needs is None:
            return
        if shaped and self.is_condemned(name):
            self.remove(owner, name, path)
        else:
            self._value(owner, name, (*path, name), needs, self._keys[name])

    def inside(self, value: Any, path: Path, needs: Needs) -> None:
        """Scrub what an object or a list holds."""
        if isinstance(value, dict):
            self._object(value, path, needs)
        elif isinstance(value, list):
            self._list(value, path, needs)

    def text(self, owner: dict[str, Any], name: str, path: Path, treatment: Treatment) -> None:
        """Scrub a text that has its own attribute, if it is there."""
        value = owner.get(name)
        if isinstance(value, str):
            needed = treatment.needed(value)
            if needed:
                owner[name] = self._scrubbed(value, (*path, name), needed, Verdict.PLAIN)

    def named_text(self, owner: dict[str, Any], name: str, path: Path, treatment: Treatment) -> None:
        """Scrub a text that has its own attribute, if it is there; the name of the attribute may condemn it."""
        if name in owner:
            if self.is_condemned(name):
                self._replace(owner, name, (*path, name), self._keys[name])
            else:
                self.text(owner, name, path, treatment)

    def texts(self, texts: list[Any], path: Path, treatment: Treatment) -> None:
        """Scrub the texts in a list."""
        for index, text in enumerate(texts):
            if isinstance(text, str):
                texts[index] = self._scrubbed(text, (*path, str(index)), treatment, Verdict.PLAIN)

    def pairs(self, pairs: Iterable[Any], path: Path, needs: Needs, *, cookies: bool = False) -> None:
        """Scrub the values in a list of ``[name, value]``."""
        for index, pair in enumerate(pairs):
            if _is_pair(pair) and pair[0] != USER_AGENT:
                self.pair(pair, (*path, str(index), "1"), needs, cookies=cookies)

    def pair(self, pair: list[Any], path: Path, needs: Needs, *, cookies: bool = False) -> None:
        """Scrub the value of one ``[name, value]``; *path* is the value's."""
        if cookies and self._keys.is_session(pair[0]):
            self._replace(pair, 1, path, SESSION_COOKIES)
        self._value(pair, 1, path, needs, self._keys[pair[0]])

    def remove(self, owner: dict[str, Any], name: str, path: Path, rule: str = "") -> None:
        """Take a member out of *owner*, by the rule against its name unless there is another."""
        self._notes.replaced((*path, name), rule or self._keys[name], _REMOVE, None, owner.pop(name))

    def is_condemned(self, name: str) -> bool:
        """Say whether the value under that name has to go."""
        return self._keys.condemn(name)

    def _value(self, holder: Any, key: Any, path: Path, needs: Needs, verdict: str) -> None:
        """Scrub one value where it is, as the *verdict* on its key wants it."""
        value = holder[key]
        if verdict in CONDEMNED:
            self._replace(holder, key, path, verdict)
        elif isinstance(value, str):
            holder[key] = self._judged(value, path, needs, verdict)
        elif isinstance(value, (dict, list)):
            if verdict == Verdict.COOKIES:
                self._cookies(value, path, needs)
            else:
                self.inside(value, path, needs)
        elif type(value) is int and value >= CARD_NUMBER_MIN and verdict != Verdict.SAFE and needs.texts:
            self._number(holder, key, path, needs.texts)

    def _object(self, value: dict[str, Any], path: Path, needs: Needs) -> None:
        keys, changes = self._keys, needs.texts.changes if needs.texts else _never
        for key, child in value.items():
            verdict = keys[key]
            # Most values are decided here, without another call.
            if verdict or type(child) is not str or changes(child):
                self._value(value, key, (*path, key), needs, verdict)

    def _list(self, value: list[Any], path: Path, needs: Needs) -> None:
        for index, child in enumerate(value):
            if type(child) is not str or needs.changes(child):
                self._value(value, index, (*path, str(index)), needs, Verdict.PLAIN)

    def _cookies(self, value: dict[str, Any] | list[Any], path: Path, needs: Needs) -> None:
        if isinstance(value, list) and all(map(_is_pair, value)):
            self.pairs(value, path, needs, cookies=True)
            return
        if isinstance(value, dict):
            for name in filter(self._keys.is_session, value):
                self._replace(value, name, (*path, name), SESSION_COOKIES)
        self.inside(value, path, needs)

    def _judged(self, text: str, path: Path, needs: Needs, verdict: str) -> str:
        """Return *text* scrubbed as its key wants it."""
        if verdict == Verdict.SAFE:
            return text
        if verdict == Verdict.COOKIES:
            text = self._edited(text, path, _SESSIONS)
        return self._scrubbed(text, path, needs.texts, verdict) if needs.texts else text

    def _scrubbed(self, text: str, path: Path, treatment: Treatment, verdict: str) -> str:
        words = words_in(treatment.words, text)
        if words and path not in self._spared:
            if text != FILTERED:
                self._notes.replaced(path, words[0].rule, FILTER, FILTERED, text)
            return FILTERED
        for text_rule in treatment.rules:
            if not (text_rule is ADDRESSES and verdict == Verdict.VERSION):
                text = self._edited(text, path, text_rule)
        return text

    def _edited(self, text: str, path: Path, rule: TextRule) -> str:
        done = edited(text, rule)
        if done is None or path in self._spared:
            return text
        self._notes.edited(path, rule.id, rule.redaction, done.edits, len(text))
        return done.text

    def _number(self, holder: Any, key: Any, path: Path, treatment: Treatment) -> None:
        """Treat a number as the text that it is."""
        text = str(holder[key])
        scrubbed = self._scrubbed(text, path, treatment, Verdict.PLAIN)
        if scrubbed != text:
            holder[key] = scrubbed

    def _replace(self, holder: Any, key: Any, path: Path, rule: str) -> None:
        """Replace a whole value; whether something is so, or nothing, is no secret."""
        value = holder[key]
        if value is None or isinstance(value, bool) or value == FILTERED or path in self._spared:
            return
        holder[key] = FILTERED
        self._notes.replaced(path, rule, FILTER, FILTERED, value)


def _never(_text: str) -> bool:
    return False


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
