import pytest

from tocsin.lib.forwarded import TrustedProxies


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded_for", "client"),
    [
        ("", "10.0.0.1", "203.0.113.9", "10.0.0.1"),
        ("127.0.0.1", "10.0.0.1", "203.0.113.9", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8, 127.0.0.1", "10.0.0.1", "203.0.113.9, 10.2.3.4", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("*", "10.0.0.1", "1.2.3.4, 203.0.113.9", "1.2.3.4"),
        ("*", "", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("::1", "::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_trusted_proxy(trusted, peer, forwarded_for, client):
    assert TrustedProxies(trusted).client_address(peer, forwarded_for) == client


def test_a_trusted_proxy_must_be_an_address():
    with pytest.raises(ValueError):
        TrustedProxies("proxy.example.com")
