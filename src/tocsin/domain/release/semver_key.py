"""The order of versions as bytes, so that a store can sort and compare releases by an index (spec/mutation.md 5.1)."""

from tocsin.domain.release.version import Rank, parse_release

_END = b"\x00"
_NUMBER = b"\x01"
_WORD = b"\x02"


def semver_key(release: str) -> bytes | None:
    """Return bytes that compare like the versions of :func:`compare_releases`, None unless *release* is semver."""
    name = parse_release(release)
    if name.version is None or not name.is_semver:
        return None
    (components, is_final, identifiers), has_build, build = name.version.order
    numbers = b"".join(number.to_bytes(8) for number in components)
    prerelease = b"\x01" if is_final else b"\x00" + b"".join(map(_rank_key, identifiers)) + _END
    return numbers + prerelease + (_rank_key(build) if has_build else _END)


def _rank_key(rank: Rank) -> bytes:
    is_word, number, word = rank
    if is_word:
        return _WORD + word.encode() + _END
    digits = number.to_bytes((number.bit_length() + 7) // 8)
    return _NUMBER + len(digits).to_bytes(2) + digits
