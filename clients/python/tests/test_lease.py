"""Leases: no model closes while somebody holds it, each closes once, and nobody waits."""

import threading

from koine_subscriber.lease import ModelSlot


class _Model:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_model_closes_with_its_last_lease() -> None:
    slot: ModelSlot[_Model] = ModelSlot()
    first, second = _Model(), _Model()
    slot.swap(first, 1, _Model.close)
    lease = slot.acquire()
    assert lease is not None
    slot.swap(second, 2, _Model.close)
    assert (slot.version, lease.version, first.closed) == (2, 1, 0)
    lease.close()
    lease.close()
    assert (first.closed, second.closed) == (1, 0)
    slot.clear()
    assert second.closed == 1 and slot.acquire() is None


def test_a_model_that_does_not_close_stops_nobody() -> None:
    slot: ModelSlot[_Model] = ModelSlot()

    def fail(model: _Model) -> None:
        raise ValueError("stuck")

    slot.swap(_Model(), 1, fail)
    slot.swap(_Model(), 2, _Model.close)
    assert slot.version == 2


def test_no_reader_sees_a_closed_model() -> None:
    slot: ModelSlot[_Model] = ModelSlot()
    made = [_Model()]
    slot.swap(made[0], 0, _Model.close)
    seen: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            lease = slot.acquire()
            assert lease is not None
            with lease:
                seen.append(lease.model.closed)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for version in range(1, 2000):
        made.append(_Model())
        slot.swap(made[-1], version, _Model.close)
    stop.set()
    for reader in readers:
        reader.join()
    slot.clear()
    assert seen and not any(seen)
    assert [model.closed for model in made] == [1] * len(made)
