"""Which issues a commit's message says it fixes: ``Fixes BACKEND-1A, BACKEND-2 and WEB-7``."""

import re
from typing import Final

FIXES_MAX: Final = 100
"""Issues that one message may name; those after are not looked at."""

_VERB = r"(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)"
# A slug, a dash and the number: a word that could be a short id. Which project it names, if any, state knows.
_SHORT_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}-[A-Za-z0-9]{1,13}"
_BETWEEN = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)"
_ID = re.compile(_SHORT_ID)
_FIX = re.compile(
    rf"(?<![\w-]){_VERB}(?:\s*:\s*|\s+)(?P<ids>{_SHORT_ID}(?![\w-])(?:{_BETWEEN}{_SHORT_ID}(?![\w-]))*)",
    re.IGNORECASE | re.ASCII,
)


def fixed_issues(message: str) -> tuple[str, ...]:
    """Return the short ids that *message* says it fixes, as they are written, each once, in the order named.

    A short id follows *fix*, *fixes*, *fixed*, *close(s/d)* or *resolve(s/d)* in any case, perhaps with a colon;
    further ones follow after commas, *and* or *&*.
    """
    found = (short_id for fix in _FIX.finditer(message) for short_id in _ID.findall(fix["ids"]))
    return tuple(dict.fromkeys(found))[:FIXES_MAX]
