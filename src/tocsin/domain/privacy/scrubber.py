"""A scrubber: everything that is to be kept out of storage for one project, ready to run."""

from functools import lru_cache
from typing import Any

from tocsin.domain.privacy.advanced import Advanced
from tocsin.domain.privacy.defaults import scrub_by_default
from tocsin.domain.privacy.notes import Notes
from tocsin.domain.privacy.privacy import Privacy
from tocsin.domain.privacy.rules import read_rules
from tocsin.domain.privacy.treatment import Treatments

SCRUBBERS_CACHED_MAX = 128


class Scrubber:
    """Scrubs normalised events. Holds nothing of any event, so one serves all that have the same ``Privacy``.

    Making one raises Malformed for rules that cannot be read; ``privacy_options`` lets none be stored.
    """

    def __init__(self, privacy: Privacy) -> None:
        self.privacy = privacy
        self._treatments = Treatments(privacy)
        self._advanced = Advanced([read_rules(text) for text in privacy.rules])

    def scrub(self, event: dict[str, Any]) -> frozenset[str]:
        """Take what is sensitive out of a normalised event, in place, and say so in its ``_meta``.

        Return the advanced rules for which there was no time left, so that texts were redacted unread.
        """
        notes = Notes(event.get("_meta", {}))
        redacted = self._advanced.scrub(event, notes)
        scrub_by_default(event, self._treatments, notes, redacted.paths)
        if notes.meta:
            event["_meta"] = notes.meta
        return redacted.slow_rules

    def attachment(self, filename: str, data: bytes) -> bytes | None:
        """Return what may be kept of an attachment, None if it is to be dropped."""
        return self._advanced.attachment(filename, data)


@lru_cache(SCRUBBERS_CACHED_MAX)
def scrubber_for(privacy: Privacy) -> Scrubber:
    """Return the scrubber for that value, made once."""
    return Scrubber(privacy)


DEFAULT_SCRUBBER = Scrubber(Privacy())
"""For projects that never changed anything."""
