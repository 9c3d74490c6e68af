"""Bundles from the topic of chunks, which `koine relay` fills: a service needs the broker and nothing else."""

import io
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from koine_subscriber.bundles import Bundle, BundleFile
from koine_subscriber.chunks import Spool, chunk_of, key_of
from koine_subscriber.errors import TroubleHereError, UndecodableError

_LOG = logging.getLogger(__name__)
ARTIFACTS = "koine.artifacts"
_ANSWER_SECONDS = 30.0
_SILENCE_SECONDS = 60.0
_BETWEEN_LOOKS_SECONDS = 0.2
_FIRST_STEP, _STEP = 16, 256
_FORCED_AT_ONCE = 32
_MOST_FILES = 50_000

Span = tuple[int, int]
"""The first offset, and the one after the last."""


class ArtifactsTopic:
    """Reads spans of the topic, without a group. Used by one thread. Raises TroubleHereError where the broker gives trouble."""

    def __init__(self, kafka: Mapping[str, Any], topic: str, consumer: Any = None) -> None:
        """`kafka` has librdkafka's properties; `consumer` stands in for one that is made of them."""
        self._topic = topic
        self._consumer = consumer if consumer is not None else _consumer(kafka)

    def bounds(self) -> dict[int, Span]:
        """The first offset of each partition, and the one after its last."""
        import confluent_kafka

        try:
            metadata = self._consumer.list_topics(self._topic, timeout=_ANSWER_SECONDS).topics.get(self._topic)
            if metadata is None or metadata.error is not None or not metadata.partitions:
                raise TroubleHereError(f"There is no topic {self._topic}. Make it with koine topics, and start koine relay.")
            places = {number: confluent_kafka.TopicPartition(self._topic, number) for number in metadata.partitions}
            found = {number: self._consumer.get_watermark_offsets(it, timeout=_ANSWER_SECONDS) for number, it in places.items()}
        except confluent_kafka.KafkaException as e:
            raise TroubleHereError(f"The topic {self._topic} cannot be read: {e}.") from e
        if any(bounds is None for bounds in found.values()):
            raise TroubleHereError("The broker does not answer.")
        return {number: (int(low), int(high)) for number, (low, high) in found.items()}

    def read(self, spans: Mapping[int, Span], take: Callable[[Any], None], enough: Callable[[], bool]) -> dict[int, Span]:
        """Reads spans, each in order; returns what was read of each, all of it if it was not enough before."""
        import confluent_kafka

        def place(number: int, offset: int) -> Any:
            return confluent_kafka.TopicPartition(self._topic, number, offset)

        read = {number: (span[0], span[0]) for number, span in spans.items()}
        left = {number: span for number, span in spans.items() if span[0] < span[1]}
        try:
            places = [place(number, span[0]) for number, span in left.items()]
            self._consumer.assign(places)
            self._consumer.resume(places)
            deadline = time.monotonic() + _SILENCE_SECONDS
            while left and not enough():
                for message in self._consumer.consume(16, timeout=0.2):
                    deadline = time.monotonic() + _SILENCE_SECONDS
                    number, error = message.partition(), message.error()
                    if error is not None and error.code() != confluent_kafka.KafkaError._PARTITION_EOF:
                        raise confluent_kafka.KafkaException(error)
                    if number in left:
                        start, end = left[number]
                        if error is None and message.offset() < end:
                            take(message)
                        if error is not None or message.offset() >= end - 1:
                            left.pop(number)
                            self._consumer.pause([place(number, 0)])
                        read[number] = (start, min(end, message.offset() + 1) if number in left else end)
                if time.monotonic() > deadline:
                    raise TroubleHereError("The broker has stopped answering.")
        except confluent_kafka.KafkaException as e:
            raise TroubleHereError(f"The topic {self._topic} cannot be read: {e}.") from e
        return read

    def close(self) -> None:
        """Leaves the broker."""
        self._consumer.close()


class Coverage:
    """What was read, forward from where the topic ended at first and backward from there, and where chunks of which file were."""

    def __init__(self) -> None:
        self._covered: dict[int, Span] = {}
        self._places: dict[str, dict[int, Span]] = {}

    def begin(self, bounds: Mapping[int, Span]) -> None:
        """Begins at the ends, or goes on; a topic that ends earlier than before is another one."""
        other = any(bounds.get(number, (0, 0))[1] < span[1] for number, span in self._covered.items())
        if other or len(self._places) > _MOST_FILES:
            self._covered, self._places = {}, {}
        for number, (low, high) in bounds.items():
            start, end = self._covered.get(number, (high, high))
            self._covered[number] = (max(low, start), max(low, end))

    def forward(self, bounds: Mapping[int, Span]) -> dict[int, Span]:
        """What has come since, a step of it."""
        return _filled({n: (end, min(end + _STEP, bounds.get(n, (0, end))[1])) for n, (_, end) in self._covered.items()})

    def backward(self, bounds: Mapping[int, Span], step: int) -> dict[int, Span]:
        """What was there before what was read; `step` is how many chunks of each partition."""
        return _filled({n: (max(start - step, bounds.get(n, (start, 0))[0]), start) for n, (start, _) in self._covered.items()})

    def add(self, spans: Mapping[int, Span]) -> None:
        """These spans were read; one that leaves a gap to what was read before is read again."""
        for number, (start, end) in spans.items():
            before = self._covered[number]
            if start <= before[1] and end >= before[0]:
                self._covered[number] = (min(before[0], start), max(before[1], end))

    def note(self, sha256: str, number: int, offset: int) -> None:
        """A chunk of this file was here."""
        if sha256 in self._places or len(self._places) <= _MOST_FILES:
            places = self._places.setdefault(sha256, {})
            start, end = places.get(number, (offset, offset))
            places[number] = (min(start, offset), max(end, offset + 1))

    def places(self, files: Iterable[str], bounds: Mapping[int, Span]) -> dict[int, Span]:
        """Where chunks of these files were, as far as that is still there."""
        found: dict[int, Span] = {}
        for sha256 in files:
            for number, (start, end) in self._places.get(sha256, {}).items():
                low, high = bounds.get(number, (0, 0))
                before = found.get(number, (high, low))
                found[number] = (min(before[0], max(start, low)), max(before[1], min(end, high)))
        return _filled(found)


class InBandBundles:
    """A source of bundles. All files of one are received when the first is asked for, and kept until `clear`.

    Whatever is no chunk of a file that is waited for is passed over. A file is handed out once its bytes have its SHA-256; one
    that has others is received again. What is not there yet is a TroubleHereError after a while without anything to read.
    """

    def __init__(
        self,
        folder: Path,
        open_topic: Callable[[], ArtifactsTopic],
        patience: float = 30.0,
        closing: threading.Event | None = None,
    ) -> None:
        """`folder` is for what is received, of this one alone; `closing` ends a wait."""
        self._spool = Spool(folder)
        self._open_topic = open_topic
        self._patience = patience
        self._closing = closing or threading.Event()
        self._coverage = Coverage()
        self._bundle: Bundle | None = None
        self._here = self._newest_wins = False
        self._read_again: set[str] = set()
        self._not_forced = 0

    def open(self, bundle: Bundle, file: BundleFile) -> BinaryIO:
        """Opens a listed file. Raises TroubleHereError, or OSError if it cannot be kept here."""
        file.check()
        if not self._here or bundle != self._bundle:
            self._receive(bundle)
        return cast(BinaryIO, io.FileIO(self._spool.path(file.sha256)))

    def clear(self, bundle: Bundle) -> None:
        """The files of this bundle are copied elsewhere."""
        if self._here and bundle == self._bundle:
            self._bundle, self._here = None, False
            self._spool.clear()

    def _receive(self, bundle: Bundle) -> None:
        self._here = False
        if bundle != self._bundle:
            self._bundle, self._newest_wins, self._read_again = bundle, False, set()
        self._spool.begin(bundle)
        if self._spool.incomplete():
            topic = self._open_topic()
            try:
                self._fill(topic)
            finally:
                topic.close()
        damaged = self._spool.damaged()
        if damaged:
            self._read_again -= set(damaged)
            self._newest_wins = not self._newest_wins
            raise TroubleHereError(
                f"The chunks of {damaged} are not those of a file of that SHA-256. Somebody else has written there, or a chunk "
                "was damaged: koine relay --again sends all once more."
            )
        self._here = True

    def _fill(self, topic: ArtifactsTopic) -> None:
        bounds = topic.bounds()
        self._coverage.begin(bounds)
        while (spans := self._coverage.forward(bounds)) and (self._newest_wins or self._spool.incomplete()):
            self._read(topic, spans)
        known = self._spool.incomplete() - self._read_again
        self._read(topic, self._coverage.places(known, bounds))
        self._read_again |= known
        deadline, step = time.monotonic() + self._patience, _FIRST_STEP
        while self._spool.incomplete():
            spans = self._coverage.forward(topic.bounds())
            if not spans:
                spans, step = self._coverage.backward(bounds, step), min(2 * step, _STEP)
            if self._closing.is_set():
                raise TroubleHereError("The subscriber closes.")
            if spans:
                self._read(topic, spans)
                deadline = time.monotonic() + self._patience
            elif time.monotonic() < deadline:
                self._closing.wait(_BETWEEN_LOOKS_SECONDS)
            else:
                raise TroubleHereError(
                    f"Of the files of the bundle {self._spool.progress()} are on the topic so far. Does koine relay run, and is "
                    "no file larger than its --in-band-limit?"
                )

    def _read(self, topic: ArtifactsTopic, spans: Mapping[int, Span]) -> None:
        strange: list[str] = []
        try:
            read = topic.read(spans, lambda message: self._take(message, strange), self._enough)
            self._coverage.add(read)
        finally:
            self._spool.force()
            if strange:
                _LOG.warning("Passed over %s messages that are no chunks, the first at %s", len(strange), strange[0])

    def _enough(self) -> bool:
        """Forces to the disk what has come, so that a process that is killed loses little."""
        if self._not_forced >= _FORCED_AT_ONCE:
            self._spool.force()
            self._not_forced = 0
        return self._closing.is_set() or (not self._newest_wins and not self._spool.incomplete())

    def _take(self, message: Any, strange: list[str]) -> None:
        key = key_of(message.key())
        try:
            if key is None:
                raise UndecodableError("its key is none of a chunk")
            if message.value() is None:
                return
            self._coverage.note(key[0], message.partition(), message.offset())
            wanted = self._spool.wanted(key[0])
            if wanted is not None:
                self._not_forced += 1
                self._spool.put(*key, chunk_of(key, message.value(), wanted), self._newest_wins)
        except UndecodableError as e:
            strange.append(f"offset {message.offset()} of partition {message.partition()}: {e}" if not strange else "")


def _filled(spans: dict[int, Span]) -> dict[int, Span]:
    return {number: span for number, span in spans.items() if span[0] < span[1]}


def _consumer(kafka: Mapping[str, Any]) -> Any:
    import confluent_kafka

    return confluent_kafka.Consumer(
        {
            "client.id": "koine-in-band",
            "log_level": 2,
            **kafka,
            "group.id": "koine-in-band",
            "isolation.level": "read_uncommitted",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "allow.auto.create.topics": False,
            "queued.max.messages.kbytes": 16384,
            "fetch.max.bytes": 2 << 20,
            "max.partition.fetch.bytes": 1 << 20,
        }
    )
