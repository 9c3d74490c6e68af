"""How a version gets here: computed from the base and its task vectors where that takes fewer bytes, else fetched whole."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from koine_subscriber.bundles import Bundle
from koine_subscriber.cache import BundleCache
from koine_subscriber.errors import TroubleHereError
from koine_subscriber.events import Update
from koine_subscriber.patch.artifacts import Artifacts
from koine_subscriber.patch.methods import Method
from koine_subscriber.patch.refusal import UnsupportedError
from koine_subscriber.patch.running import Member, RunningModel

_LOG = logging.getLogger(__name__)
Patch = Mapping[str, Any]


class Patcher:
    """For one thread. `patched` counts the versions that were computed."""

    def __init__(self, cache: BundleCache, is_closing: Callable[[], bool] = lambda: False) -> None:
        """Once it `is_closing`, a version that is being computed is given up, with TroubleHereError. Raises OSError."""
        self._cache, self._is_closing = cache, is_closing
        self._artifacts = Artifacts(cache)
        self._running: RunningModel | None = None
        self._running_base = ""
        self._unsupported: dict[str, str] = {}
        self.patched = 0

    def fetch(self, update: Update, bundle: Bundle, may_fetch_base: bool) -> Path:
        """A verified copy of a version. Raises as BundleCache.fetch.

        `may_fetch_base`: another version serves meanwhile, or whole ones may not be there at all, as on the topic of files.
        """
        held = self._cache.verified(bundle)
        if held is not None:
            return held
        name = f"Version {update['version']} of {update['modelId']}"
        whole = f"{bundle.bytes / 1e6:.1f} MB"
        try:
            needed = self._bytes_needed(update, bundle, may_fetch_base)
            _LOG.info("%s: %.1f MB of task vectors instead of %s.", name, needed / 1e6, whole)
            folder = self._computed(update, bundle)
            self.patched += 1
            return folder
        except UnsupportedError as e:
            _LOG.info("%s is fetched whole, %s: %s.", name, whole, e)
        except Exception as e:
            self.close()
            if self._is_closing():
                raise TroubleHereError(f"{name} is not computed: this is closing.") from e
            _LOG.warning("%s cannot be computed here and is fetched whole, %s: %s", name, whole, str(e) or repr(e))
            if not isinstance(e, (OSError, TroubleHereError)):
                self._artifacts.delete(_with_lists(update))
        return self._cache.fetch(bundle)

    def kept(self, update: Update) -> list[Path]:
        """The copies that versions after this one are computed from."""
        base = update["base"] or (update["bundle"] if update["version"] == 0 else None)
        return [] if base is None else [self._cache.place(Bundle.from_event(base))]

    def prune(self, update: Update) -> None:
        """Deletes what is not needed once this version serves."""
        try:
            self._artifacts.prune(_with_lists(update))
        except OSError as e:
            _LOG.warning("Old task vectors cannot be deleted: %s", e)

    def close(self) -> None:
        """Lets go of the totals."""
        if self._running is not None:
            self._running.close()
        self._running = None

    def _bytes_needed(self, update: Update, bundle: Bundle, may_fetch_base: bool) -> int:
        """What is to be fetched beside the base. Raises UnsupportedError with the reason why the version is fetched whole."""
        if update["version"] == 0:
            raise UnsupportedError("it is the base")
        if update["base"] is None or update["scale"] is None:
            raise UnsupportedError("its update does not say what it is computed from")
        if update["scalesDigest"] is not None:
            raise UnsupportedError("each weight has a factor of its own")
        Method.of(update["recipe"])
        base = Bundle.from_event(update["base"])
        if base.digest in self._unsupported:
            raise UnsupportedError(self._unsupported[base.digest])
        if [file.path for file in base.files] != [file.path for file in bundle.files]:
            raise UnsupportedError("its files are not those of the base")
        needed = self._artifacts.bytes_missing(_patches(update))
        is_held = self._cache.place(base).exists()
        if not is_held and not may_fetch_base:
            raise UnsupportedError("nothing serves yet, and the base is not here")
        if needed >= (bundle.bytes if is_held else bundle.bytes / 2):
            beside = "" if is_held else " beside the base"
            raise UnsupportedError(f"its task vectors have {needed / 1e6:.1f} MB that are not here{beside}")
        return needed

    def _computed(self, update: Update, bundle: Bundle) -> Path:
        for patch in _patches(update):
            self._artifacts.fetch(patch)
        try:
            running = self._brought_to(update)
        except UnsupportedError as e:
            self.close()
            self._unsupported[Bundle.from_event(update["base"]).digest] = str(e)
            raise

        def fill(incoming: Path) -> None:
            running.write(incoming, update["scale"])
            bundle.verify(incoming, own=True)

        return self._cache.install(bundle, fill)

    def _brought_to(self, update: Update) -> RunningModel:
        """The totals of the version's members: those of the version before, changed, or made anew."""
        base, method = Bundle.from_event(update["base"]), Method.of(update["recipe"])
        wanted: Counter[Member] = Counter((expert["taskVectorDigest"], expert["weight"]) for expert in update["experts"])
        running = self._running
        if running is not None:
            removed = running.inside - wanted
            count = removed.total() + (wanted - running.inside).total()
            can_change = self._running_base == base.digest and running.method == method
            if not can_change or count > wanted.total() or not all(self._is_here(digest) for digest, _ in removed):
                self.close()
                running = None
        if running is None:
            folder = self._cache.fetch(base, is_version=False)
            files = [file.path for file in base.files]
            running = RunningModel(folder, files, method, self._cache.folder, self._artifacts.place)
            self._running, self._running_base = running, base.digest
        changes = [(member, -1) for member in (running.inside - wanted).elements()]
        changes += [(member, 1) for member in (wanted - running.inside).elements()]
        for member, sign in changes:
            if self._is_closing():
                raise TroubleHereError("This is closing.")
            running.change(member, sign)
        return running

    def _is_here(self, digest: str) -> bool:
        return self._artifacts.place(digest).exists()


def _patches(update: Update) -> list[Patch]:
    """Of each expert. Raises UnsupportedError if one has none."""
    for expert in update["experts"]:
        if expert["patch"] is None:
            raise UnsupportedError(f"its update has no list of files for the expert {expert['expertId']}")
    return [expert["patch"] for expert in update["experts"]]


def _with_lists(update: Update) -> list[Patch]:
    return [expert["patch"] for expert in update["experts"] if expert["patch"] is not None]
