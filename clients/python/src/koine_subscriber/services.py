"""Reports of a service on `koine.services`: which version it serves, and what it could not serve and why."""

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from koine_subscriber.codec import released
from koine_subscriber.errors import RejectedError, TroubleHereError

TOPIC = "koine.services"
_LOG = logging.getLogger(__name__)
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LAST_WORD_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_MOST_FAILURES = 5
_LONGEST_REASON = 1000
_SCHEMA = released("ServiceReport")[-1]

Report = dict[str, Any]
"""A ServiceReport by its fields' names, times in milliseconds since 1970."""


def encode(report: Report) -> bytes:
    """A report as a message."""
    return _SCHEMA.encode(report)


class ReportsTopic:
    """Writes one report at a time and waits until the broker has it. Used by one thread."""

    def __init__(self, kafka: Mapping[str, Any], producer: Callable[[], Any] | None = None) -> None:
        """`kafka` has librdkafka's properties; `producer` makes what stands in for one that is made of them."""
        self._make = producer or (lambda: _producer(kafka))
        self._producer: Any = None

    def publish(self, key: str, value: bytes, given_up: threading.Event) -> None:
        """Raises TroubleHereError where the broker does not take it, or it is given up before."""
        import confluent_kafka

        answers: list[Any] = []
        try:
            if self._producer is None:
                self._producer = self._make()
            self._producer.produce(TOPIC, value, key.encode(), on_delivery=lambda error, _: answers.append(error))
            while not answers and not given_up.is_set():
                self._producer.poll(0.1)
            if not answers:
                self._producer.purge()
                raise TroubleHereError("The broker does not answer.")
            if answers[0] is not None:
                raise confluent_kafka.KafkaException(answers[0])
        except (confluent_kafka.KafkaException, BufferError) as e:
            self._producer = None
            raise TroubleHereError(f"The broker did not take the report: {e}.") from e


class ServiceReporter:
    """Keeps the last failures, and has a thread that writes whenever something changed, each minute, and at the end.

    A broker that is away holds up no version; what was to be said is said when it is back, the newest only.
    """

    def __init__(
        self,
        kafka: Mapping[str, Any],
        model_id: str,
        service: str,
        *,
        topic: ReportsTopic | None = None,
        clock: Callable[[], float] = time.time,
        every: float = 60.0,
    ) -> None:
        """Nothing is written before `start`.

        `service` is a name that no other service of the model has: letters, digits, `. _ -`, 100 at most. Raises ValueError for
        another one. `every` is in seconds.
        """
        if not _NAME.fullmatch(service):
            raise ValueError(
                f"A service cannot be called {service!r}. "
                "Give a name of letters, digits, dots, dashes and underscores, such as asr-1."
            )
        self._topic = topic or ReportsTopic(kafka)
        self._model_id, self._service, self._clock, self._every = model_id, service, clock, every
        self._changed = threading.Condition()
        self._has_changed, self._has_ended = True, False
        self._served: tuple[int, str, float] | None = None
        self._failures: list[dict[str, Any]] = []
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"koine-service-{service}", daemon=True)

    def start(self) -> None:
        """Begins to report."""
        self._thread.start()

    def served(self, version: int, digest: str, since: float) -> None:
        """A version serves, since when in seconds since 1970."""
        with self._changed:
            self._served = version, digest, since
            self._say()

    def refused(self, version: int, reason: RejectedError) -> None:
        """A version was given up for the one before."""
        self._note("REFUSED", version, str(reason))

    def trouble(self, what: str) -> None:
        """Something went wrong that is tried again."""
        self._note("TROUBLE", None, what)

    def close(self) -> None:
        """Says that the service has ended; waits a few seconds for a broker that is away. Further calls do nothing."""
        with self._changed:
            if self._has_ended:
                return
            self._has_ended = True
            self._say()
        self._thread.join(_LAST_WORD_SECONDS)
        self._given_up.set()
        self._thread.join(_LAST_WORD_SECONDS)

    def _say(self) -> None:
        self._has_changed = True
        self._changed.notify_all()

    def _note(self, kind: str, version: int | None, said: str) -> None:
        reason = said if len(said) <= _LONGEST_REASON else said[:_LONGEST_REASON] + "..."
        reason = reason.encode("utf-8", "replace").decode("utf-8")
        failure = {"kind": kind, "version": version, "reason": reason, "times": 1, "time": self._now()}
        with self._changed:
            if self._failures and all(self._failures[-1][field] == failure[field] for field in ("kind", "version", "reason")):
                failure["times"] = self._failures.pop()["times"] + 1
            self._failures = [*self._failures, failure][-_MOST_FAILURES:]
            self._say()

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while self._await_change():
            try:
                self._topic.publish(f"{self._model_id}/{self._service}", encode(self._next()), self._given_up)
                pause = _FIRST_PAUSE
            except Exception as e:
                if self._given_up.is_set():
                    _LOG.debug("The last report of %s was not waited for any longer.", self._service)
                    return
                said = str(e) if isinstance(e, TroubleHereError) else repr(e)
                _LOG.warning("What %s serves cannot be reported; another try in %.1f s: %s", self._service, pause, said)
                with self._changed:
                    self._has_changed = True
                self._given_up.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _await_change(self) -> bool:
        """False once the last report is written."""
        with self._changed:
            if not self._has_changed and not self._has_ended:
                self._changed.wait(self._every)
            return (self._has_changed or not self._has_ended) and not self._given_up.is_set()

    def _next(self) -> Report:
        with self._changed:
            self._has_changed = False
            version, digest, since = self._served or (None, None, None)
            return {
                "service": self._service,
                "modelId": self._model_id,
                "version": version,
                "digest": digest,
                "since": None if since is None else int(since * 1000),
                "ended": self._has_ended,
                "failures": list(self._failures),
                "time": self._now(),
            }


def _producer(kafka: Mapping[str, Any]) -> Any:
    import confluent_kafka

    return confluent_kafka.Producer(
        {
            "log_level": 2,
            "message.timeout.ms": 30000,
            **kafka,
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
        }
    )
