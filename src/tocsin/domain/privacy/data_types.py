"""What texts can hold that must not be kept, each as a regular expression (spec/ingest.md 3.13).

None of the expressions takes more than linear time: they run on texts from strangers.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address

import msgspec

FILTERED = "[Filtered]"

_SHAPE = bytes.maketrans(b"123456789BCDEFGHIJKLMNOPQRSTUVWXYZ ", b"0" * 9 + b"A" * 25 + b"-")


def shape_of(text: str) -> bytes:
    """Return *text* with digits as ``0``, capitals as ``A`` and blanks as ``-``: needles are looked for in it."""
    return text.encode(errors="replace").translate(_SHAPE)


class DataType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of sensitive text."""

    name: str
    """As JSON rules name it."""
    title: str
    """As people read it."""
    pattern: re.Pattern[str]
    group: int | str = 0
    """The part of a match that is sensitive."""
    placeholder: str
    """What can stand in its place and still say what it was."""
    needles: tuple[bytes, ...] = ()
    """One of them is in the shape of every text that matches; none when there is no telling."""
    hint: re.Pattern[str] | None = None
    """Finds something in every text that matches, and fast."""
    accepts: Callable[[str], bool] | None = None
    """The last word about a match."""


def _ascii(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.VERBOSE | flags)


_IBAN_COUNTRIES = "|".join(
    re.findall(
        "..",
        "ADAEALATAZBABEBGBHBIBRBYCHCRCYCZDEDJDKDOEEEGESFIFKFOFRGBGEGIGLGRGTHNHRHUIEILIQISITJOKWKZ"
        "LBLCLILTLULVLYMCMDMEMKMNMRMTMUNINLNOOMPKPLPSPTQARORSRUSASCSDSESISKSMSOSTSVTLTNTRUAVAVGXKYE",
    )
)


def _is_iban(text: str) -> bool:
    """Judge an IBAN with blanks by its check digits; without blanks its form is enough (spec/ingest.md 3.13)."""
    if " " not in text:
        return True
    digits = text.replace(" ", "")
    return int("".join(str(int(digit, 36)) for digit in digits[4:] + digits[:4])) % 97 == 1


@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    """Judge what looks like an address: ``::`` and ``a::b`` are more often written by programmers."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return any(character.isdigit() for character in text)


CREDIT_CARD = DataType(
    name="creditcard",
    title="Credit card numbers",
    # Neither part of a hexadecimal id nor the decimals of a number: those have 16 digits by chance.
    pattern=_ascii(
        r"""(?<![0-9A-Za-z])(?<!\d\.)(?:
            (?:4\d{3}|5[1-5]\d\d|6011|65\d\d) [ -]?\d{4}[ -]?\d{4}[ -]?\d{4}
          | 3[47]\d\d (?:[ -]?\d{6}[ -]?\d{5} | [ -]?\d{4}[ -]?\d{4}[ -]?\d{3})
        )(?![0-9A-Za-z])"""
    ),
    placeholder="[creditcard]",
    needles=(b"0" * 15, b"000-000"),
)
IBAN = DataType(
    name="iban",
    title="IBANs",
    pattern=_ascii(
        rf"""(?<![0-9A-Za-z])(?:{_IBAN_COUNTRIES})\d\d
            (?:[0-9A-Z]{{11,29}} | (?:[ ][0-9A-Z]{{4}}){{2,7}}(?:[ ][0-9A-Z]{{1,3}})?)(?![0-9A-Za-z])"""
    ),
    placeholder="[iban]",
    needles=(b"AA00",),
    accepts=_is_iban,
)
PEM_KEY = DataType(
    name="pemkey",
    title="PEM keys",
    # Environment variables write line breaks as \n.
    pattern=_ascii(
        r"""-----BEGIN[A-Z0-9 ]{0,40}(?:PRIVATE|PUBLIC)\ KEY(?:\ BLOCK)?-----(?:\s|\\[rn]){0,4}
            (?P<body>.+?)(?=(?:\s|\\[rn]){0,4}(?:-----END|\Z))""",
        re.DOTALL,
    ),
    group="body",
    placeholder="[pemkey]",
    needles=(b"AAA-----",),
)
URL_AUTH = DataType(
    name="urlauth",
    title="Auth in URLs",
    # Not the port of a URL whose query has an @.
    pattern=_ascii(r"://(?P<credentials>[^\s:/?\#@]*:(?!\d{1,5}[?\#])(?P<password>[^\s/]+))(?=@)"),
    group="credentials",
    placeholder="[auth]",
    needles=(b"@",),
)
US_SSN = DataType(
    name="usssn",
    title="US social security numbers",
    pattern=_ascii(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    placeholder="[us-ssn]",
    needles=(b"000-00-0000",),
)
BEARER = DataType(
    name="bearer",
    title="Bearer tokens",
    pattern=_ascii(r"\b(?:[Bb]earer|BEARER)\s+[A-Za-z0-9\-._~+/]+={0,2}"),
    placeholder="Bearer [token]",
    needles=(b"earer", b"AAAAAA"),
)
EMAIL = DataType(
    name="email",
    title="Email addresses",
    pattern=_ascii(
        r"[A-Za-z0-9.!\#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}(?![A-Za-z0-9])"
    ),
    placeholder="[email]",
    needles=(b"@",),
)
IP_ADDRESS = DataType(
    name="ip",
    title="IP addresses",
    pattern=_ascii(
        r"""(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?!\w|\.\d)
          | (?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?![\w:])"""
    ),
    placeholder="[ip]",
    hint=_ascii(r"\d\.\d{1,3}\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:"),
    accepts=_is_address,
)
_OTHERS = (
    DataType(
        name="imei",
        title="IMEI numbers",
        pattern=_ascii(r"(?<!\d)\d\d-?\d{6}-?\d{6}-?\d{1,2}(?!\d)"),
        placeholder="[imei]",
        needles=(b"0000",),
    ),
    DataType(
        name="mac",
        title="MAC addresses",
        pattern=_ascii(
            r"""(?<![\w:-])(?:[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}
              |[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})(?![\w:-])"""
        ),
        placeholder="[mac]",
    ),
    DataType(
        name="uuid",
        title="UUIDs",
        pattern=_ascii(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}(?![0-9A-Za-z])"),
        placeholder="[uuid]",
    ),
    DataType(
        name="userpath",
        title="Usernames in filepaths",
        pattern=re.compile(
            r"""(?:/(?:home|Users)/ | (?P<drive>[A-Za-z]:)\\{1,2}Users\\{1,2})
                (?P<user>[^/\\\s]{1,64}(?(drive)(?:(?:\ [^/\\\s]{1,64}){1,3}(?=\\))?|))""",
            re.VERBOSE,
        ),
        group="user",
        placeholder="[user]",
    ),
)

DATA_TYPES = {
    each.name: each for each in (CREDIT_CARD, IP_ADDRESS, EMAIL, PEM_KEY, URL_AUTH, US_SSN, BEARER, IBAN, *_OTHERS)
}
