"""Read-only queries shaped for screens: the one part of storage that edges may import.

Each module answers for one kind of screen; its functions take the stores first.
"""

from tocsin.storage.views.stores import Views

__all__ = ["Views"]
