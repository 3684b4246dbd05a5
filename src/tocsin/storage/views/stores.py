"""What every view reads from."""

import msgspec

from tocsin.storage.blobs import BlobStore
from tocsin.storage.history.store import History
from tocsin.storage.state.engine import State


class Views(msgspec.Struct, frozen=True):
    """The stores, for reading."""

    state: State
    history: History
    blobs: BlobStore
