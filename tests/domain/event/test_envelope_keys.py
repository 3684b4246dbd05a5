import pytest

from tocsin.domain.errors import Malformed
from tocsin.domain.event.project_key import Dsn, ProjectKey, parse_dsn, project_id_of, public_key_of

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"


@pytest.mark.parametrize(
    ("text", "project_id"),
    [
        (f"https://{KEY}@host/42", 42),
        (f"http://{KEY}:secret@127.0.0.1:9911/43", 43),
        (f"https://{KEY}@host/pre/fix/7", 7),
        (f"https://{KEY}@host//7/", 7),
        (f"https://{KEY.upper()}@[::1]:8000/7", 7),
        (f"sync+https://{KEY}@host/7?timeout=3", 7),
    ],
)
def test_a_dsn_names_key_and_project(text, project_id):
    assert parse_dsn(text) == Dsn(public_key=KEY, project_id=project_id)


@pytest.mark.parametrize(
    "text",
    ["", "https://host/7", f"https://{KEY}@host/", f"https://{KEY}@host/seven", "https://ghi@host/7", f"{KEY}@host/7"],
)
def test_what_is_no_dsn_is_malformed(text):
    with pytest.raises(Malformed):
        parse_dsn(text)


@pytest.mark.parametrize(("sent", "key"), [(KEY, KEY), (KEY.upper(), KEY), (f"{KEY}:no-cache", KEY), ("7", "7")])
def test_a_public_key_may_carry_flags(sent, key):
    assert public_key_of(sent) == key


@pytest.mark.parametrize("sent", ["", KEY + "0", "xyz", f"{KEY}:", f"{KEY}\n", "٣"])
def test_a_bad_public_key_is_malformed(sent):
    with pytest.raises(Malformed):
        public_key_of(sent)


@pytest.mark.parametrize("sent", ["", "x", "-1", "1.0", "٣", "9" * 20])
def test_a_bad_project_id_is_malformed(sent):
    with pytest.raises(Malformed):
        project_id_of(sent)


@pytest.mark.parametrize(
    ("domains", "origin", "admitted"),
    [
        pytest.param(["shop.example.com"], "https://evil.example", False, id="ingest-A37"),
        pytest.param(["shop.example.com"], "", True, id="ingest-A38"),
        (["*"], "https://evil.example", True),
        ([], "https://evil.example", False),
        (["shop.example.com"], "https://shop.example.com", True),
        (["Shop.Example.com "], "https://SHOP.example.com:8443/cart?x=1", True),
        (["example.com"], "https://shop.example.com", False),
        (["*.example.com"], "https://a.shop.example.com", True),
        (["*.example.com"], "https://example.com", True),
        (["*.example.com"], "https://badexample.com", False),
        (["https://example.com"], "https://example.com", True),
        (["https://example.com/"], "https://example.com", True),
        (["https://example.com"], "http://example.com", False),
        (["http://*.example.com"], "http://a.example.com", True),
        (["example.com:8443"], "https://example.com:8443", True),
        (["example.com:8443"], "https://example.com", False),
        (["example.com:443"], "https://example.com", True),
        (["[::1]:8000"], "http://[::1]:8000", True),
        (["other.example", "example.com"], "https://example.com", True),
        (["example.com"], "null", True),
        (["example.com"], "capacitor://localhost", True),
        (["example.com"], "https://example.com:port", False),
        (["example.com"], "https://[broken", False),
    ],
)
def test_web_origins_must_be_among_the_allowed_domains(domains, origin, admitted):
    key = ProjectKey(public_key=KEY, project_id=1, is_active=True, allowed_domains=tuple(domains))
    assert key.admits(origin) is admitted
