"""The subscriber for asyncio, on a consumer without a broker."""

import asyncio
from pathlib import Path

import pytest
from support import MODEL, FakeConsumer, announced

from koine_subscriber.aio import AsyncModelSubscriber


def start(consumer: FakeConsumer, folder: Path, **more: object) -> "asyncio.Future[AsyncModelSubscriber[bytes]]":
    load = lambda copy: (copy / "model.onnx").read_bytes()  # noqa: E731
    return asyncio.ensure_future(AsyncModelSubscriber.start(MODEL, {}, folder / "cache", load, open_topic=consumer.topic, **more))


def test_versions_come_as_they_serve(tmp_path: Path) -> None:
    consumer, told = FakeConsumer(), list[int]()

    async def run() -> list[int]:
        seen = []
        async with await start(consumer, tmp_path, on_served=lambda version: told.append(version.version)) as subscriber:
            consumer.put(announced(tmp_path / "store", 0, b"0"))
            async for version in subscriber.versions():
                seen.append(version.version)
                if version.version == 2:
                    await subscriber.close()
                else:
                    consumer.put(announced(tmp_path / "store", version.version + 1, b"%d" % (version.version + 1)))
        return seen

    assert asyncio.run(asyncio.wait_for(run(), 20)) == [0, 1, 2]
    assert told == [0, 1, 2]


def test_a_lease_waits_for_the_first_version_and_holds_its_model(tmp_path: Path) -> None:
    consumer, closed = FakeConsumer(), list[bytes]()

    async def run() -> None:
        subscriber = await start(consumer, tmp_path, close=closed.append)

        async def hold() -> bytes:
            async with subscriber.lease() as lease:
                consumer.put(announced(tmp_path / "store", 1, b"1"))
                async for version in subscriber.versions():
                    if version.version == 1:
                        break
                assert closed == []
                return lease.model

        holder = asyncio.create_task(hold())
        await asyncio.sleep(0.2)
        assert not holder.done()
        consumer.put(announced(tmp_path / "store", 0, b"0"))
        assert await holder == b"0"
        assert closed == [b"0"]
        await subscriber.close()
        with pytest.raises(RuntimeError, match="closed"):
            async with subscriber.lease():
                pass

    asyncio.run(asyncio.wait_for(run(), 20))
