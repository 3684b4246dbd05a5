"""Files that are there after a loss of power, whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex


def write_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put *content* at *path*: a reader sees the old file or the new one, and on return the new one is on disk.

    Raises OSError as the disk does; what stood at *path* then still stands there.
    """
    part = path.with_name(f".{path.name}.{token_hex(8)}.part")
    try:
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    sync_directory(path.parent)


def make_directory(path: Path) -> None:
    """Make *path* and the parents it lacks, on disk on return; one that is there already is left as it is."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Bring the names in *path* to disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(path: Path) -> int:
    """Return how many bytes this process may still write to the disk of *path*."""
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize
