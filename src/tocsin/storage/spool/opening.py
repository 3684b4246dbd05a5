"""From the configured URL to a spool."""

from tocsin.lib.file_url import path_of
from tocsin.storage.spool.contract import Spool
from tocsin.storage.spool.local import LocalSpool


def open_spool(url: str) -> Spool:
    """Open the spool that *url* names: ``file:///path/of/a/directory``, made if need be. Raises ValueError."""
    return LocalSpool(path_of(url))
