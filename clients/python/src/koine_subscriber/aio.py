"""The subscriber for asyncio: the same threads, without blocking the loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from koine_subscriber.lease import Lease
from koine_subscriber.subscriber import ModelSubscriber, ServedVersion, Status

M = TypeVar("M")


class AsyncModelSubscriber(Generic[M]):
    """Made by `start`, on the loop that uses it; `load`, `close` and `trial` are called by other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changed = asyncio.Condition()
        self._closed = False
        self._subscriber: ModelSubscriber[M]

    @staticmethod
    async def start(
        model_id: str, kafka: Mapping[str, Any], cache: str | Path, load: Callable[[Path], M], **options: Any
    ) -> "AsyncModelSubscriber[M]":
        """Begins to follow; `options` are those of ModelSubscriber."""
        subscriber = AsyncModelSubscriber[M](asyncio.get_running_loop())
        told = options.pop("on_served", None)

        def on_served(version: ServedVersion) -> None:
            asyncio.run_coroutine_threadsafe(subscriber._wake(), subscriber._loop)
            if told is not None:
                told(version)

        def begin() -> ModelSubscriber[M]:
            return ModelSubscriber(model_id, kafka, cache, load, on_served=on_served, **options)

        subscriber._subscriber = await asyncio.to_thread(begin)
        return subscriber

    def status(self) -> Status:
        """How it stands, without waiting."""
        return self._subscriber.status()

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[Lease[M]]:
        """A lease on the serving model; waits for the first version. Raises RuntimeError once this is closed."""
        await self._newer_than(None)
        lease = self._subscriber.acquire()
        try:
            yield lease
        finally:
            await asyncio.to_thread(lease.close)

    async def versions(self) -> AsyncIterator[ServedVersion]:
        """What serves, then each version that is swapped in, until this is closed; who is slow sees the newest only."""
        current: ServedVersion | None = None
        while True:
            try:
                current = await self._newer_than(current)
            except RuntimeError:
                return
            yield current

    async def close(self) -> None:
        """Stops following, after a load in progress, and ends `versions`."""
        await asyncio.to_thread(self._subscriber.close)
        self._closed = True
        await self._wake()

    async def __aenter__(self) -> "AsyncModelSubscriber[M]":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _newer_than(self, seen: ServedVersion | None) -> ServedVersion:
        async with self._changed:
            while not self._closed:
                current = self._subscriber.current
                if current is not None and current is not seen:
                    return current
                await self._changed.wait()
        raise RuntimeError(f"The subscriber of {self._subscriber.model_id} is closed.")

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
