"""Verified copies of bundles on local disk, one folder a digest; a folder with a digest's name is complete."""

import fcntl
import http.client
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from koine_subscriber.bundles import Bundle, BundleFile, copy_checked
from koine_subscriber.errors import NotAsListedError, RejectedError, TroubleHereError, UndecodableError
from koine_subscriber.events import decode, encode
from koine_subscriber.fetch import open_source

_LOG = logging.getLogger(__name__)
_INCOMING = "incoming-"
_ARTIFACTS = "artifacts"
_KEPT = 2
_MAY_COME_RIGHT = ("MISSING_FILE", "SIZE_MISMATCH", "DIGEST_MISMATCH")

Source = Callable[[Bundle, BundleFile], BinaryIO]


class BundleCache:
    """The two bundles used last, what is kept beside them, and what served last. One subscriber owns a folder at a time.

    `bytes_fetched` counts what came from stores, `whole` the bundles of versions that were fetched.
    """

    def __init__(self, folder: Path, source: Source = open_source) -> None:
        """Raises OSError if the folder cannot be used or has another owner."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._source = source
        self.bytes_fetched = self.whole = 0
        self._lock = open(folder / "lock", "wb")  # noqa: SIM115
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            self._lock.close()
            raise OSError(f"The cache {folder} is in use by another subscriber. Give each a folder of its own.") from e
        for path in folder.glob(_INCOMING + "*"):
            shutil.rmtree(path)

    @property
    def folder(self) -> Path:
        """Where all of it lies."""
        return self._folder

    def artifacts(self) -> Path:
        """The folder for files of task vectors, which is made. Raises OSError."""
        (self._folder / _ARTIFACTS).mkdir(exist_ok=True)
        return self._folder / _ARTIFACTS

    def forget_artifacts(self) -> None:
        """Deletes that folder."""
        shutil.rmtree(self._folder / _ARTIFACTS, ignore_errors=True)

    def place(self, bundle: Bundle) -> Path:
        """Where the copy of a bundle is, if there is one."""
        return self._folder / bundle.digest.replace(":", "-")

    def verified(self, bundle: Bundle) -> Path | None:
        """A copy that is here already; a damaged one is deleted. Raises OSError."""
        target = self.place(bundle)
        if not target.exists():
            return None
        try:
            bundle.verify(target, own=True)
            self._note_use(target)
            return target
        except (RejectedError, OSError) as e:
            _LOG.warning("The cached copy %s is damaged and will be made again: %s", target, e)
            shutil.rmtree(target)
            return None

    def fetch(self, bundle: Bundle, is_version: bool = True) -> Path:
        """A verified copy, fetched if it is not here yet. Raises RejectedError, or OSError or TroubleHereError."""
        found = self.verified(bundle)
        if found is None:
            found = self.install(bundle, lambda incoming: self.copy(bundle, bundle.files, incoming))
            self.whole += is_version
        return found

    def install(self, bundle: Bundle, fill: Callable[[Path], object]) -> Path:
        """Keeps what `fill` puts into a folder, verified and forced to the disk. Raises OSError and whatever that raises."""
        with self.incoming() as incoming:
            fill(incoming)
            for parent, _, _ in os.walk(incoming):
                force(Path(parent))
            incoming.rename(self.place(bundle))
            force(self._folder)
            self._note_use(self.place(bundle))
        return self.place(bundle)

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """A folder that is gone afterwards, unless it was renamed; also if the process dies, at the next start."""
        folder = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self._folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def copy(self, bundle: Bundle, files: Iterable[BundleFile], to: Path) -> None:
        """Fetches files of a bundle into a folder and verifies them. Raises as `fetch`."""
        try:
            for file in files:
                self._copy(bundle, file, to / file.path)
        except RejectedError as e:
            if e.code not in _MAY_COME_RIGHT:
                raise
            raise NotAsListedError(
                e.code,
                f"{e} It is looked at again, with pauses of up to ten minutes, until it is right or a newer version serves.",
            ) from e
        except http.client.HTTPException as e:
            raise TroubleHereError(f"{bundle.uri} broke off: {e!r}.") from e

    def _note_use(self, copy: Path) -> None:
        """Later than all others, also where the clock was set back since one of them was used."""
        others = [path.stat().st_mtime_ns + 1_000_000 for path in self._folder.glob("sha256-*") if path != copy]
        latest = max([time.time_ns(), *others])
        os.utime(copy, ns=(latest, latest))

    def _copy(self, bundle: Bundle, file: BundleFile, to: Path) -> None:
        with self._source(bundle, file) as source:
            to.parent.mkdir(parents=True, exist_ok=True)
            with open(to, "xb") as out:
                copy_checked(file, source, out.write)
                out.flush()
                os.fsync(out.fileno())
        self.bytes_fetched += file.size

    def prune(self, used: Path, kept: Collection[Path] = ()) -> None:
        """Deletes all copies but the given one, the one used before it, and what is kept."""
        copies = [path for path in self._folder.glob("sha256-*") if path != used and path not in kept]
        copies.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for copy in copies[_KEPT - 1 :]:
            shutil.rmtree(copy, ignore_errors=True)

    def last_served(self, model_id: str) -> dict[str, Any] | None:
        """The update that served last of this model; None if that is not known."""
        try:
            update = decode((self._folder / "served").read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, UndecodableError) as e:
            _LOG.warning("%s does not tell which version served last: %s", self._folder / "served", e)
            return None
        return update if update["modelId"] == model_id else None

    def note_served(self, update: dict[str, Any]) -> None:
        """Remembers what serves, for the next start."""
        following = self._folder / "served.next"
        try:
            following.write_bytes(encode(update))
            following.replace(self._folder / "served")
        except OSError as e:
            _LOG.warning("%s cannot be written; no stand-in at the next start: %s", following, e)

    def close(self) -> None:
        """Lets go of the folder."""
        self._lock.close()


def force(folder: Path) -> None:
    """Forces the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
