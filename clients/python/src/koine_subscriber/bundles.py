"""Bundles: the files of a version, as an update lists them, and whether files are what is listed."""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from koine_subscriber.errors import RejectedError

_MOST_FILES = 4096
_MOST_BYTES = 256 << 30
_LONGEST_PATH = 512
_BUFFER_BYTES = 1 << 20
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_HEX = re.compile("[0-9a-f]{64}")


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


@dataclass(frozen=True)
class BundleFile:
    """One file: its path in the bundle, its size in bytes, its SHA-256 in 64 lower-case hexadecimal digits."""

    path: str
    size: int
    sha256: str

    def check(self) -> None:
        """Raises RejectedError if the path could leave the bundle, or size or digest cannot be a file's."""
        parts = self.path.split("/")
        if len(_utf16(self.path)) // 2 > _LONGEST_PATH:
            raise _invalid(f"a path of more than {_LONGEST_PATH} characters: {self.path[:60]}...")
        if _CONTROL.search(self.path) or "\\" in self.path or ":" in self.path or {"", ".", ".."} & set(parts):
            raise _invalid(f"the file {self.path!r}; paths are relative, with forward slashes, without '.' or '..'")
        if self.size < 0:
            raise _invalid(f"{self.path!r} with a size of {self.size}")
        if not _HEX.fullmatch(self.sha256):
            raise _invalid(f"{self.path!r} with the digest {self.sha256!r}, which is no SHA-256 in lower case")

    def wrong_size(self, found: int) -> RejectedError:
        """The refusal of a file that has another size, in bytes, than is listed."""
        return RejectedError(
            "SIZE_MISMATCH", f"The file {self.path!r} has {found} bytes or more but the bundle lists {self.size}."
        )


@dataclass(frozen=True)
class Bundle:
    """The files of one model under one place, ordered by path."""

    uri: str
    files: tuple[BundleFile, ...]

    @staticmethod
    def of(uri: str, files: Iterable[BundleFile]) -> "Bundle":
        """A bundle as an event describes it. Raises RejectedError INVALID_EVENT or TOO_LARGE."""
        ordered = tuple(sorted(files, key=lambda file: _utf16(file.path)))
        if len(ordered) > _MOST_FILES:
            raise RejectedError("TOO_LARGE", f"The bundle lists {len(ordered)} files; {_MOST_FILES} are the most.")
        for file in ordered:
            file.check()
        if sum(file.size for file in ordered) > _MOST_BYTES:
            raise RejectedError("TOO_LARGE", f"The bundle lists more than {_MOST_BYTES} bytes, which are the most.")
        if not ordered:
            raise _invalid("no file")
        if len({file.path for file in ordered}) < len(ordered):
            raise _invalid("a file twice")
        return Bundle(uri, ordered)

    @staticmethod
    def from_event(bundle: dict[str, Any]) -> "Bundle":
        """The bundle of a decoded event. Raises as `of`."""
        files = [BundleFile(file["path"], file["size"], file["sha256"]) for file in bundle["files"]]
        return Bundle.of(bundle["uri"], files)

    @property
    def bytes(self) -> int:
        """What the files have together."""
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of a line `<sha256>  <size>  <path>` for each file. The place does not matter."""
        listing = "".join(f"{file.sha256}  {file.size}  {file.path}\n" for file in self.files)
        return "sha256:" + hashlib.sha256(listing.encode()).hexdigest()

    def verify(self, folder: Path, own: bool = False) -> None:
        """Checks that every file is there, regular, and as listed; hard links are allowed in a copy of our own.

        Raises RejectedError MISSING_FILE, PLACE_NOT_ALLOWED, SIZE_MISMATCH or DIGEST_MISMATCH.
        """
        for file in self.files:
            with open_file(folder, file, own) as source:
                copy_checked(file, source, lambda _: None)


def bundle_of(update: dict[str, Any]) -> Bundle:
    """The bundle of a version. Raises RejectedError DIGEST_MISMATCH if the update's digest names another."""
    bundle = Bundle.from_event(update["bundle"])
    if bundle.digest != update["digest"]:
        raise RejectedError(
            "DIGEST_MISMATCH",
            f"The update names the digest {update['digest']} but its list of files has {bundle.digest}.",
        )
    return bundle


def open_file(folder: Path, file: BundleFile, own: bool = False) -> BinaryIO:
    """Opens a listed file in a folder; no link is followed. Raises RejectedError."""
    file.check()
    place = folder
    for part in file.path.split("/"):
        place = place / part
        if place.is_symlink():
            raise _not_allowed(file, "is a link or lies behind one")
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as e:
        raise RejectedError("MISSING_FILE", f"The bundle lists {file.path!r} but there is none at {place}.") from e
    source = os.fdopen(descriptor, "rb", buffering=0) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    if source is None:
        os.close(descriptor)
        raise _not_allowed(file, "is no regular file")
    found = os.fstat(descriptor)
    if found.st_nlink > 1 and not own:
        source.close()
        raise _not_allowed(file, "has several names (hard links)")
    if found.st_size != file.size:
        source.close()
        raise file.wrong_size(found.st_size)
    return source


def copy_checked(file: BundleFile, source: BinaryIO, write: Callable[[bytes], object]) -> None:
    """Passes the bytes on while hashing them, never more than are listed. Raises RejectedError if they are others."""
    digest = hashlib.sha256()
    size = 0
    while block := source.read(_BUFFER_BYTES):
        size += len(block)
        if size > file.size:
            raise file.wrong_size(size)
        digest.update(block)
        write(block)
    if size != file.size:
        raise file.wrong_size(size)
    if digest.hexdigest() != file.sha256:
        raise RejectedError(
            "DIGEST_MISMATCH",
            f"The file {file.path!r} has the SHA-256 {digest.hexdigest()} but the bundle lists {file.sha256}.",
        )


def _invalid(what: str) -> RejectedError:
    return RejectedError("INVALID_EVENT", f"The bundle lists {what}.")


def _not_allowed(file: BundleFile, what: str) -> RejectedError:
    return RejectedError("PLACE_NOT_ALLOWED", f"The file {file.path!r} {what}. Put a copy in its place.")
