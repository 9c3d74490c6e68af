"""Where the serving model stands, and leases on it: a model is closed when nobody holds it any more.

Nothing here takes a lock. Who holds a model is what CPython counts anyway, references: the slot's, and one of each lease. Reading
the slot and taking a reference is one step there, with or without its global lock. Where references are not counted, as in PyPy,
a model closes at a later collection.
"""

import logging
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

_LOG = logging.getLogger(__name__)
M = TypeVar("M")


class _Shared(Generic[M]):
    """A model that closes when the last reference to this is gone; the model itself may be held longer."""

    def __init__(self, model: M, version: Any, close: Callable[[M], object]) -> None:
        self.model = model
        self.version = version
        weakref.finalize(self, _close, model, close).atexit = False


def _close(model: M, close: Callable[[M], object]) -> None:
    try:
        close(model)
    except Exception:
        _LOG.exception("A version did not close; its memory may not be freed.")


class Lease(Generic[M]):
    """A model that stays open until this is given back, by `with` or `close`."""

    def __init__(self, shared: _Shared[M]) -> None:
        self._shared: _Shared[M] | None = shared
        self.model = shared.model
        self.version = shared.version

    def close(self) -> None:
        """Gives it back; further calls do nothing."""
        self._shared = None

    def __enter__(self) -> "Lease[M]":
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class ModelSlot(Generic[M]):
    """The serving model, or none."""

    def __init__(self) -> None:
        self._current: _Shared[M] | None = None

    @property
    def version(self) -> Any:
        """Of the serving model; None if there is none."""
        shared = self._current
        return None if shared is None else shared.version

    def acquire(self) -> Lease[M] | None:
        """A lease on the serving model, or None."""
        shared = self._current
        return None if shared is None else Lease(shared)

    def swap(self, model: M, version: Any, close: Callable[[M], object]) -> None:
        """Puts another model in place; the old one closes when its last lease is given back. For one thread."""
        self._current = _Shared(model, version, close)

    def clear(self) -> None:
        """Takes the serving model away."""
        self._current = None
