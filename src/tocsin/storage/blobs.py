"""Bytes by content hash: attachments and artifact bundles, in a directory or an S3-compatible store."""

import errno
import hashlib
import re
from contextlib import suppress
from datetime import timedelta
from typing import NewType

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from tocsin.domain.errors import NotFound, Unavailable
from tocsin.lib.durable_file import make_directory, write_file
from tocsin.lib.file_url import path_of

ContentHash = NewType("ContentHash", str)
"""SHA-256 of the content, 64 lower-case hex digits."""

REQUEST_TIME_MAX = timedelta(seconds=60)
CONNECT_TIME_MAX = timedelta(seconds=5)
RETRIES_MAX = 3

_CONTENT_HASH = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """Blobs under *url*: ``file:///directory`` or ``s3://bucket/prefix``.

    Credentials and endpoint of S3 come from the usual ``AWS_…`` environment variables. The same content is kept
    once, whoever puts it; who deletes it must know that nobody else needs it.
    """

    def __init__(self, url: str) -> None:
        self._directory = path_of(url) if url.startswith("file:") else None
        self._store: ObjectStore
        if self._directory is None:
            # Whether to encrypt is said by the scheme of the endpoint, which is often a store next door.
            self._store = from_url(
                url,
                client_options={
                    "allow_http": True,
                    "timeout": REQUEST_TIME_MAX,
                    "connect_timeout": CONNECT_TIME_MAX,
                },
                retry_config={"max_retries": RETRIES_MAX, "retry_timeout": REQUEST_TIME_MAX},
            )
        else:
            make_directory(self._directory)
            self._store = LocalStore(self._directory)

    def put(self, content: bytes) -> ContentHash:
        """Keep *content* and return its hash once it is safe. Raises `Unavailable` when the disk is full."""
        content_hash = ContentHash(hashlib.sha256(content).hexdigest())
        if self._directory is None:
            obstore.put(self._store, _path(content_hash), content)
            return content_hash
        # Written by ourselves: the library's local store renames, but never calls fsync.
        path = self._directory / _path(content_hash)
        try:
            make_directory(path.parent)
            write_file(path, content)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise Unavailable(f"The disk of {self._directory} is full. Free some space and try again.") from error
            raise
        return content_hash

    def get(self, content_hash: str) -> bytes:
        """Return the content. Raises `NotFound`."""
        try:
            return obstore.get(self._store, _path(content_hash)).bytes().to_bytes()
        except FileNotFoundError:
            raise NotFound(f"There is no content {content_hash}. It may have expired; send it again.") from None

    def exists(self, content_hash: str) -> bool:
        """Tell whether the content is kept."""
        try:
            obstore.head(self._store, _path(content_hash))
        except FileNotFoundError:
            return False
        return True

    def delete(self, content_hash: str) -> None:
        """Delete the content, if it is there."""
        with suppress(FileNotFoundError):
            obstore.delete(self._store, _path(content_hash))


def _path(content_hash: str) -> str:
    """Return where a blob lies: 256 folders keep each of them short."""
    if not _CONTENT_HASH.fullmatch(content_hash):
        raise FileNotFoundError(content_hash)
    return f"{content_hash[:2]}/{content_hash[2:]}"
