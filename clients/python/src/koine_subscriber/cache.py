"""Verified copies of bundles on local disk, one folder a digest; a folder with a digest's name is complete."""

import fcntl
import http.client
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from koine_subscriber.bundles import Bundle, BundleFile, copy_checked
from koine_subscriber.errors import RejectedError, TroubleHereError, UndecodableError
from koine_subscriber.events import decode, encode
from koine_subscriber.fetch import open_source

_LOG = logging.getLogger(__name__)
_INCOMING = "incoming-"
_KEPT = 2

Source = Callable[[Bundle, BundleFile], BinaryIO]


class BundleCache:
    """The two bundles used last, and what served last. One subscriber owns a folder at a time."""

    def __init__(self, folder: Path, source: Source = open_source) -> None:
        """Raises OSError if the folder cannot be used or has another owner."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._source = source
        self._lock = open(folder / "lock", "wb")  # noqa: SIM115
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            self._lock.close()
            raise OSError(f"The cache {folder} is in use by another subscriber. Give each a folder of its own.") from e
        for path in folder.glob(_INCOMING + "*"):
            shutil.rmtree(path)

    def fetch(self, bundle: Bundle) -> Path:
        """A verified copy, fetched if it is not here yet. Raises RejectedError, or OSError or TroubleHereError."""
        target = self._folder / bundle.digest.replace(":", "-")
        if target.exists():
            try:
                bundle.verify(target, own=True)
                os.utime(target)
                return target
            except (RejectedError, OSError) as e:
                _LOG.warning("The cached copy %s is damaged and will be fetched again: %s", target, e)
                shutil.rmtree(target)
        incoming = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self._folder))
        try:
            for file in bundle.files:
                self._copy(bundle, file, incoming / file.path)
            for parent, _, _ in os.walk(incoming):
                _force(Path(parent))
            incoming.rename(target)
            _force(self._folder)
        except http.client.HTTPException as e:
            raise TroubleHereError(f"{bundle.uri} broke off: {e!r}.") from e
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return target

    def _copy(self, bundle: Bundle, file: BundleFile, to: Path) -> None:
        with self._source(bundle, file) as source:
            to.parent.mkdir(parents=True, exist_ok=True)
            with open(to, "xb") as out:
                copy_checked(file, source, out.write)
                out.flush()
                os.fsync(out.fileno())

    def prune(self, used: Path) -> None:
        """Deletes all copies but the given one and the one used before it."""
        copies = [path for path in self._folder.glob("sha256-*") if path != used]
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


def _force(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
