"""The files of task vectors on local disk, by their SHA-256; one with such a name is complete."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from koine_subscriber.bundles import Bundle, BundleFile
from koine_subscriber.cache import BundleCache, force
from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.statistics import FILE

_LONGEST_LIST = 16 << 20
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


class Artifacts:
    """What has been fetched of task vectors, and the lists of their files."""

    def __init__(self, cache: BundleCache) -> None:
        """Raises OSError."""
        self._cache = cache
        self._folder = cache.artifacts()
        self._statistics: dict[str, str] = {}

    def place(self, digest: str) -> Path:
        """Where the file of a digest is, `sha256:<hex>`; of statistics that a list told of, the one in their bundle.

        Raises RejectedError.
        """
        digest = self._statistics.get(digest, digest)
        if not _DIGEST.fullmatch(digest):
            raise RejectedError("INVALID_EVENT", f"A task vector has the piece {digest[:100]!r}, which is no digest.")
        return self._folder / digest.removeprefix("sha256:")

    def missing(self, files: Iterable[BundleFile]) -> list[BundleFile]:
        """Those that are not here."""
        return [file for file in files if not (self._folder / file.sha256).exists()]

    def bytes_missing(self, patches: Iterable[Mapping[str, Any]]) -> int:
        """How many bytes are to be fetched for these fields `patch` of an update. Raises RejectedError, OSError."""
        missing: dict[str, int] = {}
        for patch in patches:
            listed = list_of(patch)
            for file in self.missing(listed.files):
                missing[file.sha256] = file.size + int(patch["bytes"])
            if not self.missing(listed.files):
                for bundle in self._bundles(patch):
                    missing.update((file.sha256, file.size) for file in self.missing(bundle.files))
        return sum(missing.values())

    def fetch(self, patch: Mapping[str, Any]) -> None:
        """Fetches what is not here. Raises RejectedError, OSError, TroubleHereError."""
        self._fetch(list_of(patch))
        for bundle in self._bundles(patch):
            self._fetch(bundle)

    def _fetch(self, bundle: Bundle) -> None:
        missing = self.missing(bundle.files)
        if missing:
            with self._cache.incoming() as incoming:
                self._cache.copy(bundle, missing, incoming)
                for file in missing:
                    (incoming / file.path).replace(self._folder / file.sha256)
            force(self._folder)

    def _bundles(self, patch: Mapping[str, Any]) -> list[Bundle]:
        """What a list lists, which is here: the task vector with its pieces, and its statistics if it has some."""
        place = self._folder / list_of(patch).files[0].sha256
        try:
            said = json.loads(place.read_text("utf-8"))
            if said["format"] != 1:
                raise ValueError(f"format {said['format']}")
            bundles = [
                _bundle(said[name]) for name in ("artifacts", "statistics") if said.get(name) is not None or name == "artifacts"
            ]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as e:
            raise RejectedError("INVALID_EVENT", f"The list of a task vector's files cannot be read here ({e!r}).") from e
        total = sum(bundle.bytes for bundle in bundles)
        if total != patch["bytes"]:
            raise RejectedError(
                "INVALID_EVENT", f"The list of a task vector's files has {total} bytes, the update says {patch['bytes']}."
            )
        for statistics in bundles[1:]:
            file = next((file for file in statistics.files if file.path == FILE), None)
            if file is None:
                raise RejectedError("MISSING_FILE", f"The statistics of a task vector have no file {FILE}.")
            self._statistics[statistics.digest] = "sha256:" + file.sha256
        return bundles

    def delete(self, patches: Iterable[Mapping[str, Any]]) -> None:
        """Deletes what these need."""
        for name in self._names(patches):
            (self._folder / name).unlink(missing_ok=True)

    def prune(self, patches: Iterable[Mapping[str, Any]]) -> None:
        """Deletes what none of these needs. Raises OSError."""
        kept = self._names(patches)
        for path in self._folder.iterdir():
            if path.name not in kept:
                path.unlink()

    def _names(self, patches: Iterable[Mapping[str, Any]]) -> set[str]:
        names = set()
        for patch in patches:
            try:
                names.add(list_of(patch).files[0].sha256)
                names.update(file.sha256 for bundle in self._bundles(patch) for file in bundle.files)
            except (RejectedError, OSError):
                continue
        return names


def _bundle(said: Mapping[str, Any]) -> Bundle:
    if not isinstance(said["uri"], str):
        raise ValueError("a place that is no text")
    return Bundle.of(said["uri"], [BundleFile(str(it["path"]), int(it["size"]), str(it["sha256"])) for it in said["files"]])


def list_of(patch: Mapping[str, Any]) -> Bundle:
    """The list of a field `patch` as a bundle of one file. Raises RejectedError."""
    bundle = Bundle.from_event(patch["list"])
    if len(bundle.files) != 1 or bundle.bytes > _LONGEST_LIST:
        raise RejectedError("INVALID_EVENT", f"The list of a task vector's files is no single file of {_LONGEST_LIST} bytes.")
    return bundle
