"""The little that Tocsin reads of a minidump: that it is one, and why the program died.

The format is documented by its maker: a header, then a directory of streams, each with a kind, a size and a place.
"""

import struct
from typing import Final

MAGICS: Final = (b"MDMP", b"PMDM")

_HEADER: Final = struct.Struct("<4sIII")
_DIRECTORY: Final = struct.Struct("<III")
_EXCEPTION: Final = struct.Struct("<IIIIQQ")
_EXCEPTION_STREAM: Final = 6
_STREAMS_MAX: Final = 128

_REASONS: Final = {
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    11: "SIGSEGV",
    0x80000003: "EXCEPTION_BREAKPOINT",
    0xC0000005: "EXCEPTION_ACCESS_VIOLATION",
    0xC000001D: "EXCEPTION_ILLEGAL_INSTRUCTION",
    0xC0000094: "EXCEPTION_INT_DIVIDE_BY_ZERO",
    0xC00000FD: "EXCEPTION_STACK_OVERFLOW",
    0xC0000409: "STATUS_STACK_BUFFER_OVERRUN",
    0xE06D7363: "Unhandled C++ exception",
}


def is_minidump(data: bytes) -> bool:
    """Say whether *data* begins as minidumps do."""
    return data.startswith(MAGICS)


def crash_reason(data: bytes) -> str:
    """Return why the program died, in the words of its system; ``""`` when the dump does not say."""
    try:
        _, _, streams, directory = _HEADER.unpack_from(data)
        for number in range(min(streams, _STREAMS_MAX)):
            kind, _, place = _DIRECTORY.unpack_from(data, directory + number * _DIRECTORY.size)
            if kind == _EXCEPTION_STREAM:
                _, _, code, _, _, _ = _EXCEPTION.unpack_from(data, place)
                return _REASONS.get(code, f"exception {code:#010x}")
    except struct.error:
        return ""
    return ""
