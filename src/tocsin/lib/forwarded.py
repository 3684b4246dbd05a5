"""The address of a client behind proxies."""

from functools import lru_cache
from ipaddress import ip_address, ip_network

_FORWARDED_LENGTH_MAX = 1024


class TrustedProxies:
    """The proxies whose ``X-Forwarded-For`` is believed."""

    def __init__(self, addresses: str = "") -> None:
        """Take a comma list of addresses and networks; ``*`` for any, ``""`` for none.

        Raises ValueError for what is neither.
        """
        names = [name for part in addresses.split(",") if (name := part.strip())]
        self._everyone = "*" in names
        self._networks = tuple(ip_network(name, strict=False) for name in names if name != "*")
        self._trusts = lru_cache(maxsize=1024)(self._judge)

    def client_address(self, peer: str, forwarded_for: str) -> str:
        """Return the nearest address that is no trusted proxy: *peer*, or one from the header it sent.

        Entries that are no addresses end the search, since nobody trusted wrote what stands left of them.
        """
        if not forwarded_for or not self._trusts(peer):
            return peer
        client = peer
        for entry in reversed(forwarded_for[-_FORWARDED_LENGTH_MAX:].split(",")):
            address = _address(entry)
            if not address:
                break
            client = address
            if not self._trusts(address):
                break
        return client

    def _judge(self, address: str) -> bool:
        known = _address(address)
        return self._everyone or bool(known and any(ip_address(known) in network for network in self._networks))


def _address(entry: str) -> str:
    """Return an entry's address without port and brackets, ``""`` when it holds none."""
    text = entry.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
