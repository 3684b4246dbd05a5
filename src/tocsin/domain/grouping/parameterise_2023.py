"""What ``tocsin:2023-01-11`` takes out of messages (spec/ingest.md 5.7).

Frozen: a stored hash is only worth something with the very patterns that made it. Newer ones go to `parameterise`.
"""

import re
from itertools import islice

PARAMETERISED_CHARS_MAX = 8192
LINES_MAX = 2

# Top-level domains people meet in messages. Those that are also everyday attribute names, words or file suffixes
# (id, is, to, in, at, by, my, me, no, it, us, be, so, py, rs, sh, app, int, site, name …) are left out: `user.id` is
# no host.
_TLDS = (
    "ac ae ai ar au az ba bd bg biz bo br ca cat cc ch ci cl cloud club cn co com cr cu cy cz de dev dk do ec edu "
    "ee eg es eu fi fm fr ge gov gr hk hn hr hu ie il internal io ir jo jp ke kr kw kz lb lk lt lu lv ly ma md "
    "mil mk mobi mx museum ng nl np nz online org net pe ph pk pt qa ro ru sa se sg sk su sv th tk tn tr travel "
    "tv tw tz ua ug uk uy uz ve vn wiki xyz za zm"
).replace(" ", "|")

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:day|sday|nesday|rsday|urday)?"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})"
_ZONE = r"(?:(?:GMT|UTC)?[+-]\d{4}(?:\s\([\w\s]+\))?|[A-Z]{1,5}\b)"
_DATE = "|".join(
    (
        # ISO 8601 and RFC 3339, whole or only the day
        rf"\d{{4}}-\d{{2}}-\d{{2}}(?:[T\s]{_CLOCK}(?:\s?{_OFFSET}\b)?)?(?![\w-])",
        # RFC 822, 850, 1123, 2822
        rf"(?:{_DAY},?\s)?\d{{1,2}}[\s-]{_MONTH}[\s-]\d{{2,4}}(?:\s{_CLOCK}(?:\s{_ZONE})?)?\b",
        # C's ctime and JavaScript's Date as text
        rf"{_DAY},?\s{_MONTH}\s{{1,2}}\d{{1,2}}\s(?:{_CLOCK}\s(?:[A-Z]{{3,5}}\s)?\d{{4}}|\d{{4}}\s{_CLOCK}(?:\s{_ZONE})?)(?!\w)",
        rf"(?:{_DAY},?\s)?{_MONTH}\s\d{{1,2}},\s\d{{4}}(?:,?\s(?:at\s)?{_CLOCK}(?:\s?[AaPp][Mm])?)?\b",
        # compact
        r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?[0-2]\d[0-5]\d(?:[0-5]\d)?Z?)?\b",
        r"datetime\.datetime\([^)]*\)",
        rf"{_CLOCK}(?:\s?[AaPp][Mm])?(?![\w:])",
    )
)

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_GROUP = r"[0-9a-fA-F]{1,4}"
_TAIL = rf"{_GROUP}(?::{_GROUP}){{0,6}}(?:\.\d{{1,3}}){{0,3}}"
_IP = "|".join(
    (
        rf"(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.\d)",
        rf"(?:{_GROUP}:){{7}}{_GROUP}(?![\w:])",
        rf"(?=[a-fA-F:]*\d){_GROUP}(?::{_GROUP}){{0,6}}::(?:{_TAIL})?(?![\w:])",
    )
)
_FLOAT = r"\d+\.\d+(?:[eE][+-]?\d+)?\b"
_INT = r"\d{1,7}\b"

# Alternatives that begin at the start of a word, in the order in which they are tried there. Every repetition that
# may fail late has a limit, so that no text costs more than its length times a constant.
_WORDS = (
    ("email", r"[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}\b"),
    ("url", r"(?:wss?|https?|ftp)://[^\s\"'<>]+"),
    ("hostname", rf"(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}(?:{_TLDS})(?![\w-]|\.\w)"),
    ("ip", _IP),
    ("traceparent", r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]\b|1-[0-9a-f]{8}-[0-9a-f]{24}\b"),
    ("uuid", r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"),
    ("sha1", r"[0-9a-fA-F]{40}\b"),
    ("md5", r"[0-9a-fA-F]{32}\b"),
    ("date", _DATE),
    ("duration", r"\d+(?:\.\d+)?(?:ns|us|µs|ms|s|min|h)\b"),
    ("swift_txn_id", r"tx[0-9a-f]{21}-[0-9a-f]{10}(?:-\w+)?\b"),
    ("hex", r"0[xX][0-9a-fA-F]+\b|(?=[a-f]*\d)[0-9a-f]{8,128}\b|(?=[A-F]*\d)[0-9A-F]{8,128}\b"),
    ("git_sha", r"(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7}\b"),
    ("float", _FLOAT),
    ("int", _INT),
)
# The rest may begin between words. An underscore tells a second group of the same name apart.
_BETWEEN = (
    ("ip_", rf"(?<![\w:])::(?=[a-fA-F:]*\d){_TAIL}(?![\w:])"),
    ("float_", rf"(?<!\w)-{_FLOAT}(?![:-]|\.\d)"),
    ("int_", rf"(?<!\w)-{_INT}(?![:-]|\.\d)"),
    ("quoted_str", r"""(?<==)(?:'[^'\n]*'|"[^"\n]*")"""),
    ("bool", r"(?<==)(?i:true|false)\b"),
)


def _alternation(alternatives: tuple[tuple[str, str], ...]) -> str:
    return "|".join(f"(?P<{name}>{pattern})" for name, pattern in alternatives)


# Most words are plain: seeing that first saves a third of the time.
_PLAIN_WORD = rf"(?!{_DAY}\b|{_MONTH}\b)[A-Za-z_]++(?![\w@.:%+-])"
_PARAMETER = re.compile(rf"\b(?=\w)(?!{_PLAIN_WORD})(?:{_alternation(_WORDS)})|{_alternation(_BETWEEN)}")
_WORTH_A_LOOK = re.compile(r"[\d@=.:]")


def parameterise(text: str) -> str:
    """Return *text* with each value that varies replaced by ``<kind>``, in one pass from left to right.

    Text of more than ``PARAMETERISED_CHARS_MAX`` characters is returned as it is.
    """
    if len(text) > PARAMETERISED_CHARS_MAX or not _WORTH_A_LOOK.search(text):
        return text
    return _PARAMETER.sub(_placeholder, text)


def normalised_message(message: str) -> str:
    """Return the first two lines of *message* that are not blank, parameterised; ``...`` says that more was there."""
    head = "\n".join(islice((line for line in message.splitlines() if line.strip()), LINES_MAX))
    return parameterise(head) + ("" if head == message else "...")


def _placeholder(found: re.Match[str]) -> str:
    return f"<{(found.lastgroup or '').rstrip('_')}>"
