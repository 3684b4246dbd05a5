"""``file:///path/of/a/directory``: how settings name what is kept on this machine."""

from pathlib import Path
from urllib.parse import unquote, urlsplit


def path_of(url: str) -> Path:
    """Return the absolute path that a ``file:`` *url* names. Raises ValueError for any other URL."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise ValueError(f"{url!r} names no directory of this machine. Write it as file:///path/of/the/directory.")
    return Path(unquote(parts.path))
