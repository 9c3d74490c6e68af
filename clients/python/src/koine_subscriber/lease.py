"""Where the serving model stands, and leases on it: a model is closed by the last of its holders."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

_LOG = logging.getLogger(__name__)
M = TypeVar("M")


class _Shared(Generic[M]):
    """A model and its holders: the slot, and a token for each lease. Taking one waits for no swap, load or close."""

    def __init__(self, model: M, version: Any, close: Callable[[M], object]) -> None:
        self.model = model
        self.version = version
        self._close = close
        self._count = 1
        self._guard = threading.Lock()

    def retain(self) -> bool:
        with self._guard:
            if self._count == 0:
                return False
            self._count += 1
            return True

    def release(self) -> None:
        with self._guard:
            self._count -= 1
            last = self._count == 0
        if last:
            try:
                self._close(self.model)
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
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.release()

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
        while (shared := self._current) is not None:
            if shared.retain():
                return Lease(shared)
        return None

    def swap(self, model: M, version: Any, close: Callable[[M], object]) -> None:
        """Puts another model in place; the old one closes when its last lease is given back. For one thread."""
        old, self._current = self._current, _Shared(model, version, close)
        if old is not None:
            old.release()

    def clear(self) -> None:
        """Takes the serving model away."""
        old, self._current = self._current, None
        if old is not None:
            old.release()
