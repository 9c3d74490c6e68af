"""Files as chunks on a topic: which chunk a message has, and files on their way to the disk."""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from koine_subscriber.bundles import Bundle
from koine_subscriber.codec import Codec
from koine_subscriber.errors import UndecodableError

CHUNK_BYTES = 512 << 10
_MOST_MESSAGE_BYTES = CHUNK_BYTES + 256
_KEY = re.compile(rb"([0-9a-f]{64})/([0-9]{8})")
_CODEC = Codec("ArtifactChunk")


@dataclass(frozen=True)
class ChunkedFile:
    """A file that is cut into chunks of CHUNK_BYTES, the last of what is left; an empty one has none."""

    sha256: str
    size: int

    @property
    def count(self) -> int:
        return -(-self.size // CHUNK_BYTES)


def key_of(key: bytes | None) -> tuple[str, int] | None:
    """The file's SHA-256 and the chunk's number that a message is kept under; None where it is no chunk."""
    parts = _KEY.fullmatch(key) if key is not None else None
    return (parts[1].decode(), int(parts[2])) if parts else None


def chunk_of(key: tuple[str, int], value: bytes, file: ChunkedFile) -> bytes:
    """The bytes of the chunk of this file that the key names. Raises UndecodableError if the message has none."""
    if len(value) > _MOST_MESSAGE_BYTES:
        raise UndecodableError(f"It has {len(value)} bytes, and a chunk at most {_MOST_MESSAGE_BYTES}.")
    chunk = _CODEC.decode(value)
    index = key[1]
    offset = index * CHUNK_BYTES
    wanted = (file.sha256, file.sha256, file.size, index, file.count, offset, min(CHUNK_BYTES, file.size - offset))
    found = tuple(chunk[name] for name in ("sha256", "size", "index", "count", "offset")) + (len(chunk["bytes"]),)
    if (key[0], *found) != wanted or index >= file.count:
        raise UndecodableError("It is not the chunk that its key names, of a file of that size.")
    return bytes(chunk["bytes"])


def encode_chunk(file: ChunkedFile, index: int, content: bytes) -> bytes:
    """A chunk as a message."""
    offset = index * CHUNK_BYTES
    return _CODEC.encode(
        {"sha256": file.sha256, "size": file.size, "index": index, "count": file.count, "offset": offset, "bytes": content}
    )


class _SpooledFile:
    """A file on its way. A flag for each chunk is written after the chunk was forced to the disk."""

    def __init__(self, folder: Path, file: ChunkedFile) -> None:
        self.file = file
        self.part = folder / f"{file.sha256}.part"
        self._flags = folder / f"{file.sha256}.flags"
        self.present = bytearray(file.count)
        self._changed = False
        try:
            flags = self._flags.read_bytes()
            if len(flags) == file.count and self.part.stat().st_size <= file.size:
                self.present = bytearray(1 if flag else 0 for flag in flags)
        except FileNotFoundError:
            pass
        if not any(self.present):
            self.part.write_bytes(b"")

    def put(self, index: int, content: bytes, newer: bool) -> None:
        if self.present[index] and not newer:
            return
        with open(self.part, "r+b") as out:
            out.seek(index * CHUNK_BYTES)
            out.write(content)
        self.present[index] = 1
        self._changed = True

    def force(self) -> None:
        if self._changed:
            with open(self.part, "rb") as part:
                os.fsync(part.fileno())
            self._flags.write_bytes(self.present)
            self._changed = False

    def verify(self) -> bool:
        """Whether the whole file has its digest; one that has another is taken away."""
        if self.file.count == 0:
            return True
        digest = hashlib.sha256()
        with open(self.part, "rb") as part:
            while block := part.read(1 << 20):
                digest.update(block)
        if digest.hexdigest() == self.file.sha256:
            return True
        self._flags.unlink(missing_ok=True)
        self.part.write_bytes(b"")
        self.present = bytearray(self.file.count)
        return False


class Spool:
    """The files of one bundle on their way, in a folder of their own: never more than the bundle lists."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _SpooledFile] = {}

    def begin(self, bundle: Bundle) -> None:
        """Waits for these files, going on with what is here of them; all else that is here is taken away."""
        self._folder.mkdir(parents=True, exist_ok=True)
        wanted = {file.sha256: ChunkedFile(file.sha256, file.size) for file in reversed(bundle.files)}
        for path in self._folder.iterdir():
            if path.stem not in wanted:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        self._files = {sha256: _SpooledFile(self._folder, file) for sha256, file in wanted.items()}

    def wanted(self, sha256: str) -> ChunkedFile | None:
        """What is waited for under this digest."""
        file = self._files.get(sha256)
        return None if file is None else file.file

    def put(self, sha256: str, index: int, content: bytes, newer: bool) -> None:
        """Takes a chunk of a file that is waited for; `newer` whether in place of one that is there."""
        self._files[sha256].put(index, content, newer)

    def force(self) -> None:
        """Returns when what was taken outlasts a loss of power."""
        for file in self._files.values():
            file.force()

    def incomplete(self) -> set[str]:
        """The digests of files that lack chunks."""
        return {sha256 for sha256, file in self._files.items() if not all(file.present)}

    def progress(self) -> str:
        """How many chunks are here, and how many are waited for in all."""
        files = self._files.values()
        return f"{sum(sum(file.present) for file in files)} of {sum(file.file.count for file in files)} chunks"

    def damaged(self) -> list[str]:
        """Those whole files that have other bytes than their digest says, by their digests; they are taken away."""
        return [sha256 for sha256, file in self._files.items() if not file.verify()]

    def path(self, sha256: str) -> Path:
        """Where a whole file is."""
        return self._files[sha256].part

    def clear(self) -> None:
        """Waits for nothing any more and takes everything away."""
        self._files = {}
        shutil.rmtree(self._folder, ignore_errors=True)
