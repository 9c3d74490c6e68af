"""Reads the files of a Debian package without unpacking it: an `ar` archive with a tar archive in it."""

import io
import tarfile

MAGIC, HEADER = b"!<arch>\n", 60


def files(path, wanted):
    """(path, bytes) of the package's files that `wanted(path)` says yes to."""
    with tarfile.open(fileobj=io.BytesIO(_data(path))) as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if member.isfile() and wanted(name):
                yield name, archive.extractfile(member).read()


def _data(path):
    with open(path, "rb") as package:
        if package.read(len(MAGIC)) != MAGIC:
            raise ValueError(f"{path} is no Debian package.")
        while header := package.read(HEADER):
            name, size = header[:16].strip().decode(), int(header[48:58])
            if name.startswith("data.tar"):
                return package.read(size)
            package.seek(size + size % 2, io.SEEK_CUR)
    raise ValueError(f"{path} has no data.tar.")
