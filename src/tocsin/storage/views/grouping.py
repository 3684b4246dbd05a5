"""How a stored event was grouped, told by the rules that its project has now."""

import msgspec

from tocsin.domain.grouping import Explanation, apply_rules, explain, grouping_of
from tocsin.domain.organization import Project
from tocsin.storage.history.events import StoredEvent

_decode = msgspec.json.Decoder(dict).decode


def explanation_of(event: StoredEvent, project: Project) -> Explanation:
    """Return what makes the hashes of *event*."""
    wanted = grouping_of(project.options)
    return explain(apply_rules(_decode(event.payload), wanted.rules), wanted.rules, wanted.config)


def is_stale(event: StoredEvent, explanation: Explanation) -> bool:
    """Say whether the event was grouped by other rules than those there are now."""
    return explanation.grouping.hashes != event.hashes
