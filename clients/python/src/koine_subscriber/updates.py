"""The committed updates of one model, from the beginning of the topic; no consumer group, nothing kept on the broker."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from koine_subscriber.errors import TroubleHereError, UndecodableError
from koine_subscriber.events import Update, decode

_LOG = logging.getLogger(__name__)
_ANSWER_SECONDS = 10.0
_CATCH_UP_SECONDS = 10.0
_PARTITIONS_EVERY_SECONDS = 30.0


class UpdatesTopic:
    """Reads all partitions. Used by one thread. Every method raises TroubleHereError where the broker gives trouble."""

    def __init__(
        self,
        kafka: Mapping[str, Any],
        topic: str,
        model_id: str,
        consumer: Any = None,
        read: Callable[[bytes], Update] = decode,
    ) -> None:
        """`kafka` has librdkafka's properties; `consumer` stands in for one that is made of them; `read` decodes a value."""
        self._topic = topic
        self._model_id = model_id
        self._read = read
        self._consumer = consumer if consumer is not None else _consumer(kafka)
        self._positions: dict[int, int] = {}
        self._checked = float("-inf")

    def poll(self, seconds: float) -> list[Update]:
        """Waits for updates and returns all that are committed by then, in the order of the topic."""
        import confluent_kafka

        try:
            self._assign()
            updates: list[Update] = []
            if self._poll_once(seconds, updates):
                ends = {partition: self._end(partition) for partition in self._positions}
                deadline = time.monotonic() + _CATCH_UP_SECONDS
                while not self._reached(ends) and time.monotonic() < deadline:
                    self._poll_once(0.1, updates)
            return updates
        except confluent_kafka.KafkaException as e:
            raise TroubleHereError(f"The topic {self._topic} cannot be read: {e}.") from e

    def close(self) -> None:
        """Leaves the broker."""
        self._consumer.close()

    def _assign(self) -> None:
        import confluent_kafka

        if self._positions and time.monotonic() - self._checked < _PARTITIONS_EVERY_SECONDS:
            return
        metadata = self._consumer.list_topics(self._topic, timeout=_ANSWER_SECONDS).topics.get(self._topic)
        if metadata is None or metadata.error is not None or not metadata.partitions:
            raise TroubleHereError(f"There is no topic {self._topic} yet.")
        self._checked = time.monotonic()
        if set(metadata.partitions) != set(self._positions):
            places = {number: self._positions.get(number, confluent_kafka.OFFSET_BEGINNING) for number in metadata.partitions}
            self._consumer.assign([confluent_kafka.TopicPartition(self._topic, p, at) for p, at in places.items()])
            self._positions = places

    def _end(self, partition: int) -> int:
        import confluent_kafka

        place = confluent_kafka.TopicPartition(self._topic, partition)
        return int(self._consumer.get_watermark_offsets(place, timeout=_ANSWER_SECONDS)[1])

    def _reached(self, ends: dict[int, int]) -> bool:
        import confluent_kafka

        asked = [confluent_kafka.TopicPartition(self._topic, partition) for partition in ends]
        return all(
            place.offset >= ends[place.partition] or ends[place.partition] == 0 for place in self._consumer.position(asked)
        )

    def _poll_once(self, seconds: float, updates: list[Update]) -> int:
        import confluent_kafka

        messages = self._consumer.consume(1, timeout=seconds)
        if messages:
            messages += self._consumer.consume(500, timeout=0)
        for message in messages:
            if message.error() is not None:
                raise confluent_kafka.KafkaException(message.error())
            self._positions[message.partition()] = message.offset() + 1
            update = self._decoded(message)
            if update is not None and update["modelId"] == self._model_id:
                updates.append(update)
        return len(messages)

    def _decoded(self, message: Any) -> Update | None:
        if message.value() is None:
            return None
        try:
            return self._read(message.value())
        except UndecodableError as e:
            _LOG.warning("Skipped offset %s of %s-%s: %s", message.offset(), self._topic, message.partition(), e)
            return None


def _consumer(kafka: Mapping[str, Any]) -> Any:
    import confluent_kafka

    return confluent_kafka.Consumer(
        {
            "fetch.wait.max.ms": 100,
            "log_level": 2,
            **kafka,
            "group.id": "koine-subscriber",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "allow.auto.create.topics": False,
        }
    )
