"""Keeps a service on the newest version of one model, from a thread of its own."""

import atexit
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from koine_subscriber.bundles import Bundle, bundle_of
from koine_subscriber.cache import BundleCache
from koine_subscriber.errors import NotAsListedError, RejectedError, TroubleHereError
from koine_subscriber.events import Update, decode
from koine_subscriber.fetch import open_source
from koine_subscriber.inband import ARTIFACTS, ArtifactsTopic, InBandBundles
from koine_subscriber.lease import Lease, ModelSlot
from koine_subscriber.looked_at_again import LookedAtAgain
from koine_subscriber.registry import SchemaRegistry
from koine_subscriber.services import ServiceReporter
from koine_subscriber.signatures import TrustedKeys
from koine_subscriber.updates import UpdatesTopic

if TYPE_CHECKING:
    from koine_subscriber.patch.patcher import Patcher

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_IDLE_SECONDS = 1.0
M = TypeVar("M")


@dataclass(frozen=True)
class ServedVersion:
    """A version that serves or has served: its announcement, the local copy of its bundle, since when (seconds since 1970)."""

    update: Update
    folder: Path
    since: float

    @property
    def version(self) -> int:
        return int(self.update["version"])

    @property
    def digest(self) -> str:
        return str(self.update["digest"])


@dataclass(frozen=True)
class Status:
    """What serves, the highest version that the topic has shown (-1 for none), and counts since the start.

    `bytes_fetched` came from stores, for `patched` versions that were computed here and `whole` ones that were not.
    """

    served: ServedVersion | None
    newest: int
    swaps: int
    refused: int
    troubles: int
    bytes_fetched: int
    patched: int
    whole: int


class ModelSubscriber(Generic[M]):
    """Follows the updates topic. A new version is fetched, verified, loaded and tried beside the old, then swapped in.

    Of several versions that wait the newest is tried first, an older one only if that is refused or nothing serves yet; versions
    that are not newer than the serving one are ignored. A refused version changes nothing; one whose files the store did not give
    as listed is looked at again until it does. Trouble with broker, store or disk is retried for as long as it lasts; at a start
    the version that served last stands in until the topic gives one.
    """

    def __init__(
        self,
        model_id: str,
        kafka: Mapping[str, Any],
        cache: str | Path,
        load: Callable[[Path], M],
        *,
        close: Callable[[M], object] = lambda _: None,
        trial: Callable[[M, ServedVersion], object] | None = None,
        trusted: TrustedKeys | None = None,
        topic: str = "koine.updates",
        in_band: bool = False,
        patches: bool = False,
        registry_url: str | None = None,
        service: str | None = None,
        on_served: Callable[[ServedVersion], object] | None = None,
        on_rejected: Callable[[Update, RejectedError], object] | None = None,
        open_topic: Callable[[], UpdatesTopic] | None = None,
        received: InBandBundles | None = None,
    ) -> None:
        """Begins to follow.

        `load` makes a model of a verified folder and `trial` may ask it something before it serves: what they raise refuses the
        version, but for TroubleHereError, after which it is tried again. `trusted` None takes anybody's updates. With `patches`
        a version is computed here from the base and its task vectors where these have fewer bytes; the base, they and totals of
        four bytes an element take disk.
        `registry_url` reads a schema registry's wire format, too. `service` is the name to report under on `koine.services`.
        `in_band` takes files from the topic koine.artifacts, which `koine relay` fills, and not from the store; `received` from
        another one. Raises ValueError if names or URLs are none.
        """
        self.model_id = model_id
        read = SchemaRegistry(registry_url).decode if registry_url is not None else decode
        self._reporter = ServiceReporter(kafka, model_id, service) if service is not None else None
        self._open_topic = open_topic or (lambda: UpdatesTopic(kafka, topic, model_id, read=read))
        self._closing = threading.Event()
        folder = Path(cache).absolute()
        if in_band and received is None:
            received = InBandBundles(folder / "in-band", lambda: ArtifactsTopic(kafka, ARTIFACTS), closing=self._closing)
        self._received = received
        self._cache = BundleCache(folder, open_source if received is None else received.open)
        self._load, self._close_model, self._trial, self._trusted = load, close, trial, trusted
        self._on_served, self._on_rejected = on_served, on_rejected
        self._slot: ModelSlot[M] = ModelSlot()
        self._waiting: dict[int, Update] = {}
        self._refused: dict[int, str] = {}
        self._looked_at_again = LookedAtAgain()
        self._newest, self._swaps, self._troubles = -1, 0, 0
        self._stand_in_tried = self._stand_in = False
        self._pause_seconds = _FIRST_PAUSE
        self._patcher = self._open_patcher(patches)
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"koine-subscriber-{model_id}", daemon=True)
        self._thread.start()
        if self._reporter is not None:
            self._reporter.start()
        atexit.register(self._end)

    def acquire(self) -> Lease[M]:
        """A lease on the serving model. Raises RuntimeError if none serves."""
        lease = self._slot.acquire()
        if lease is None:
            raise RuntimeError(f"No version of {self.model_id} serves. Call await_version before taking requests.")
        return lease

    @property
    def current(self) -> ServedVersion | None:
        """The serving version; None before the first."""
        version: ServedVersion | None = self._slot.version
        return version

    def status(self) -> Status:
        """How it stands, without waiting."""
        cache, patched = self._cache, self._patcher.patched if self._patcher is not None else 0
        counts = len(self._refused), self._troubles, cache.bytes_fetched, patched, cache.whole
        return Status(self.current, self._newest, self._swaps, *counts)

    def await_version(self, version: int = 0, timeout: float = 60.0) -> ServedVersion:
        """Waits until this version or a newer one serves. Raises TimeoutError, or RuntimeError if it is closed."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                current = self.current
                if current is not None and current.version >= version:
                    return current
                if self._closing.is_set():
                    raise RuntimeError(f"The subscriber of {self.model_id} is closed.")
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"Version {version} of {self.model_id} does not serve after {timeout} s.")

    def close(self) -> None:
        """Stops following, after a load in progress. Models close as their last leases are given back."""
        self._closing.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        if self._reporter is not None:
            self._reporter.close()
        atexit.unregister(self._end)

    def _end(self) -> None:
        self._closing.set()
        self._thread.join(_LONGEST_PAUSE)
        if self._reporter is not None:
            self._reporter.close()

    def __enter__(self) -> "ModelSubscriber[M]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            topic: UpdatesTopic | None = None
            try:
                topic = self._open_topic()
                self._follow(topic)
            except Exception as e:
                self._serve_stand_in()
                self._pause("The updates cannot be followed", e)
            finally:
                if topic is not None:
                    topic.close()
        self._slot.clear()
        self._wake()
        if self._patcher is not None:
            self._patcher.close()
        self._cache.close()

    def _follow(self, topic: UpdatesTopic) -> None:
        while not self._closing.is_set():
            for update in topic.poll(0.0 if self._waiting else _IDLE_SECONDS):
                if update["version"] not in self._refused:
                    self._waiting[update["version"]] = update
                    self._newest = max(self._newest, update["version"])
            self._waiting.update((update["version"], update) for update in self._looked_at_again.due(time.monotonic()))
            try:
                self._install_newest()
                self._pause_seconds = _FIRST_PAUSE
            except (OSError, TroubleHereError) as e:
                self._serve_stand_in()
                self._pause("A version cannot be installed", e)

    def _install_newest(self) -> None:
        trouble: Exception | None = None
        for version in sorted(self._waiting, reverse=True):
            if self._closing.is_set() or (trouble is not None and self.current is not None):
                break
            update = self._waiting[version]
            try:
                if not self._is_superseded(update):
                    self._serve(update)
                    self._stand_in = False
                self._waiting = {number: it for number, it in self._waiting.items() if number > version}
                self._looked_at_again.forget_up_to(version)
                break
            except RejectedError as e:
                self._refuse(update, e)
            except (OSError, TroubleHereError) as e:
                trouble = trouble or e
        if trouble is not None:
            raise trouble
        if self._refused:
            self._serve_stand_in()

    def _is_superseded(self, update: Update) -> bool:
        current = self.current
        if current is None:
            return False
        if self._stand_in and current.update == update:
            self._stand_in = False
        return not self._stand_in and update["version"] <= current.version

    def _serve(self, update: Update) -> None:
        bundle = bundle_of(update)
        if self._trusted is not None:
            self._trusted.require_update(update)
        folder = self._fetched(update, bundle)
        if self._received is not None:
            self._received.clear(bundle)
        version = ServedVersion(update, folder, time.time())
        self._slot.swap(self._loaded(version), version, self._close_model)
        self._swaps += 1
        self._cache.note_served(update)
        self._prune(update, folder)
        self._wake()
        _LOG.info("Version %s of %s serves (%s).", version.version, self.model_id, version.digest)
        if self._reporter is not None:
            self._reporter.served(version.version, version.digest, version.since)
        self._tell(self._on_served, version)

    def _open_patcher(self, patches: bool) -> "Patcher | None":
        if patches:
            from koine_subscriber.patch.patcher import Patcher

            return Patcher(self._cache, self._closing.is_set)
        self._cache.forget_artifacts()
        return None

    def _fetched(self, update: Update, bundle: Bundle) -> Path:
        if self._patcher is None:
            return self._cache.fetch(bundle)
        return self._patcher.fetch(update, bundle, self.current is not None or self._received is not None)

    def _prune(self, update: Update, folder: Path) -> None:
        if self._patcher is None:
            self._cache.prune(folder)
        else:
            self._cache.prune(folder, self._patcher.kept(update))
            self._patcher.prune(update)

    def _loaded(self, version: ServedVersion) -> M:
        model: M | None = None
        try:
            model = self._load(version.folder)
            if self._trial is not None:
                self._trial(model, version)
            return model
        except Exception as e:
            if model is not None:
                self._close_model(model)
            if isinstance(e, (RejectedError, TroubleHereError)):
                raise
            raise RejectedError(
                "NOT_LOADABLE", f"Version {version.version} does not load here: {e!r}. Its files are whole."
            ) from e

    def _refuse(self, update: Update, e: RejectedError) -> None:
        version = update["version"]
        self._waiting.pop(version)
        if isinstance(e, NotAsListedError):
            self._looked_at_again.note(update, time.monotonic())
        else:
            self._looked_at_again.forget(version)
        if self._refused.get(version) == e.code:
            _LOG.debug("Version %s of %s is still refused: %s", version, self.model_id, e)
            return
        self._refused[version] = e.code
        _LOG.warning("Version %s of %s is refused (%s): %s", version, self.model_id, e.code, e)
        if self._reporter is not None:
            self._reporter.refused(version, e)
        self._tell(self._on_rejected, update, e)

    def _serve_stand_in(self) -> None:
        if self._stand_in_tried or self._closing.is_set() or self.current is not None:
            return
        self._stand_in_tried = True
        update = self._cache.last_served(self.model_id)
        if update is not None:
            try:
                _LOG.warning("Version %s of %s, which served last, stands in.", update["version"], self.model_id)
                self._serve(update)
                self._stand_in = True
            except (RejectedError, OSError, TroubleHereError) as e:
                _LOG.warning("It cannot: %s", e)

    def _tell(self, listener: Callable[..., object] | None, *what: object) -> None:
        if listener is not None:
            try:
                listener(*what)
            except Exception:
                _LOG.exception("The listener raised.")

    def _pause(self, trouble: str, e: Exception) -> None:
        self._troubles += 1
        said = str(e) if isinstance(e, TroubleHereError) else repr(e)
        _LOG.warning("%s; another try in %.1f s: %s", trouble, self._pause_seconds, said)
        if self._reporter is not None:
            self._reporter.trouble(f"{trouble}: {said}")
        self._closing.wait(self._pause_seconds)
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
