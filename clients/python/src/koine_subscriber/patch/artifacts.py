"""The files of task vectors on local disk, by their SHA-256; one with such a name is complete."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from koine_subscriber.bundles import Bundle, BundleFile
from koine_subscriber.cache import BundleCache, force
from koine_subscriber.errors import RejectedError
from koine_subscriber.patch.refusal import UnsupportedError

_LONGEST_LIST = 16 << 20
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


class Artifacts:
    """What has been fetched of task vectors, and the lists of their files."""

    def __init__(self, cache: BundleCache) -> None:
        """Raises OSError."""
        self._cache = cache
        self._folder = cache.artifacts()

    def place(self, digest: str) -> Path:
        """Where the file of a digest is, `sha256:<hex>`. Raises RejectedError."""
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
                missing.update((file.sha256, file.size) for file in self.missing(self._files(patch).files))
        return sum(missing.values())

    def fetch(self, patch: Mapping[str, Any]) -> None:
        """Fetches what is not here. Raises RejectedError, UnsupportedError, OSError, TroubleHereError."""
        self._fetch(list_of(patch))
        self._fetch(self._files(patch))

    def _fetch(self, bundle: Bundle) -> None:
        missing = self.missing(bundle.files)
        if missing:
            with self._cache.incoming() as incoming:
                self._cache.copy(bundle, missing, incoming)
                for file in missing:
                    (incoming / file.path).replace(self._folder / file.sha256)
            force(self._folder)

    def _files(self, patch: Mapping[str, Any]) -> Bundle:
        """What a list lists, which is here."""
        place = self._folder / list_of(patch).files[0].sha256
        try:
            said = json.loads(place.read_text("utf-8"))
            if said["format"] != 1 or not isinstance(said["artifacts"]["uri"], str):
                raise ValueError(f"format {said['format']}")
            if said.get("statistics") is not None:
                raise UnsupportedError("its experts are weighed by statistics")
            files = [BundleFile(str(it["path"]), int(it["size"]), str(it["sha256"])) for it in said["artifacts"]["files"]]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as e:
            raise RejectedError("INVALID_EVENT", f"The list of a task vector's files cannot be read here ({e!r}).") from e
        bundle = Bundle.of(said["artifacts"]["uri"], files)
        if bundle.bytes != patch["bytes"]:
            raise RejectedError(
                "INVALID_EVENT", f"The list of a task vector's files has {bundle.bytes} bytes, the update says {patch['bytes']}."
            )
        return bundle

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
                names.update(file.sha256 for file in self._files(patch).files)
            except (RejectedError, UnsupportedError, OSError):
                continue
        return names


def list_of(patch: Mapping[str, Any]) -> Bundle:
    """The list of a field `patch` as a bundle of one file. Raises RejectedError."""
    bundle = Bundle.from_event(patch["list"])
    if len(bundle.files) != 1 or bundle.bytes > _LONGEST_LIST:
        raise RejectedError("INVALID_EVENT", f"The list of a task vector's files is no single file of {_LONGEST_LIST} bytes.")
    return bundle
