"""Password hashes."""

from tocsin.lib.passwords import hash_password, is_password


def test_only_the_password_matches_its_hash():
    stored = hash_password("correct horse")
    assert stored.startswith("$argon2id$")
    assert is_password("correct horse", stored)
    assert not is_password("correct hors", stored)


def test_a_user_without_a_password_is_never_matched():
    assert not is_password("", "")
    assert not is_password("nobody has this password", "")
    assert not is_password("x", "not a hash")
