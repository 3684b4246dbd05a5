"""What the default rules do with each kind of text, as an organization and a project want it (spec/ingest.md 3.13)."""

import msgspec

from tocsin.domain.privacy.data_types import (
    BEARER,
    CREDIT_CARD,
    EMAIL,
    IBAN,
    IP_ADDRESS,
    PEM_KEY,
    URL_AUTH,
    US_SSN,
    shape_of,
)
from tocsin.domain.privacy.keys import Keys, Words, words_in, words_of
from tocsin.domain.privacy.privacy import Privacy
from tocsin.domain.privacy.redaction import FILTER, Method, Redaction, TextRule, rule_for

_FILTERS = (
    rule_for(IBAN, "@iban:filter", FILTER),
    rule_for(CREDIT_CARD, "@creditcard:filter", FILTER),
    rule_for(PEM_KEY, "@pemkey:filter", FILTER),
    rule_for(URL_AUTH, "@urlauth:filter", FILTER, ("password",)),
    rule_for(US_SSN, "@usssn:filter", FILTER),
)
_BEARER = (rule_for(BEARER, "@bearer:filter", FILTER),)
_SOFTER = tuple(
    rule_for(each, f"@{each.name}:replace", Redaction(Method.REPLACE, each.placeholder))
    for each in (EMAIL, IBAN, CREDIT_CARD, US_SSN, BEARER)
)
ADDRESSES = rule_for(IP_ADDRESS, "@ip:replace", Redaction(Method.REPLACE, IP_ADDRESS.placeholder))


class Treatment(msgspec.Struct, frozen=True):
    """What is done with texts of one kind."""

    words: Words
    """Words for which a text goes as a whole."""
    rules: tuple[TextRule, ...]
    needles: tuple[bytes, ...] = ()
    """One of them is in the shape of every text that a rule matches; none when there is no telling."""

    def needed(self, text: str) -> "Treatment | None":
        """Return as much of this as changes *text*, or one of the texts it is made of; None for nothing."""
        words = words_in(self.words, text)
        rules = self._matching(text) if self.rules else ()
        return Treatment(words, rules) if rules or words else None

    def changes(self, text: str) -> bool:
        """Say whether *text* may be changed; False is certain."""
        return bool(words_in(self.words, text)) or any(rule.matches(text) for rule in self.rules)

    def _matching(self, text: str) -> tuple[TextRule, ...]:
        shape = shape_of(text)
        # Every event comes by here several times: a generator or a call for each rule takes twice as long.
        for needle in self.needles:
            if needle in shape:
                break
        else:
            if self.needles:
                return ()
        return tuple([rule for rule in self.rules if rule.may_match(shape) and rule.matches(text)])


def _treatment(words: Words, rules: tuple[TextRule, ...]) -> Treatment:
    all_tell = all(rule.needles for rule in rules)
    needles = dict.fromkeys(needle for rule in rules for needle in rule.needles) if all_tell else ()
    return Treatment(words, rules, tuple(needles))


class Treatments:
    """The default rules for one value of ``Privacy``. Holds nothing of any event."""

    def __init__(self, privacy: Privacy) -> None:
        defaults = privacy.scrubs_data and privacy.scrubs_defaults
        added = privacy.sensitive_fields if privacy.scrubs_data else ()
        self.keys = Keys(defaults=defaults, added=added, safe=privacy.safe_fields)
        self.removes_addresses = privacy.scrubs_addresses
        addresses = (ADDRESSES,) if privacy.scrubs_addresses else ()
        code = (*(_FILTERS if defaults else ()), *addresses)
        plain = (*(_BEARER if defaults else ()), *code)
        self.code = _treatment((), code)
        """Lines of source code: they talk of passwords, but hold none."""
        self.plain = _treatment((), plain)
        """Texts with a meaning of their own, such as a URL."""
        self.named = _treatment(words_of(defaults=False, added=added), plain)
        """What people are found by: tags and users."""
        self.free = _treatment(words_of(defaults=defaults, added=added), plain)
        """Free-form data."""
        self.message = _treatment((), (*(_SOFTER if defaults else ()), *addresses))
        """Log messages, which must stay readable."""
        self.error = _treatment((), addresses)
        """Texts of exceptions, which the default rules leave alone."""
        self.do_nothing = not (privacy.scrubs_data or privacy.scrubs_addresses)
