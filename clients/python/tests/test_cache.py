"""The cache on folders and on a server."""

import http.server
import os
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from support import announced

from koine_subscriber.bundles import Bundle, bundle_of
from koine_subscriber.cache import BundleCache
from koine_subscriber.errors import RejectedError
from koine_subscriber.fetch import UnsupportedPlaceError


def test_one_owner_and_damage_is_repaired(tmp_path: Path) -> None:
    bundle = bundle_of(announced(tmp_path / "store", 0, b"0"))
    cache = BundleCache(tmp_path / "cache")
    copy = cache.fetch(bundle)
    (copy / "model.onnx").write_bytes(b"x")
    assert (cache.fetch(bundle) / "model.onnx").read_bytes() == b"0"
    cache.close()


def test_two_copies_are_kept(tmp_path: Path) -> None:
    cache = BundleCache(tmp_path / "cache")
    for version in range(4):
        cache.prune(cache.fetch(bundle_of(announced(tmp_path / "store", version, b"%d" % version))))
    assert len(list((tmp_path / "cache").glob("sha256-*"))) == 2
    cache.close()


def test_two_copies_are_kept_where_the_clock_is_set_back(tmp_path: Path) -> None:
    cache = BundleCache(tmp_path / "cache")
    copies = []
    for version in range(3):
        copies.append(cache.fetch(bundle_of(announced(tmp_path / "store", version, b"%d" % version))))
        if version == 0:
            ahead = time.time() + 3600
            os.utime(copies[0], (ahead, ahead))
    cache.prune(copies[2])
    assert [copy.exists() for copy in copies] == [False, True, True]
    cache.close()


def test_over_http(tmp_path: Path) -> None:
    bundle = bundle_of(announced(tmp_path / "store", 0, b"0"))
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "store"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        cache = BundleCache(tmp_path / "cache")
        with pytest.raises(RejectedError, match="answers 404"):
            cache.fetch(Bundle.of(root + "/gone/", bundle.files))
        assert (cache.fetch(Bundle.of(root + "/0/", bundle.files)) / "model.onnx").read_bytes() == b"0"
        cache.close()
        server.shutdown()


def test_other_places_are_refused_in_words(tmp_path: Path) -> None:
    bundle = bundle_of(announced(tmp_path / "store", 0, b"0"))
    cache = BundleCache(tmp_path / "cache")
    with pytest.raises(UnsupportedPlaceError, match="reads no other"):
        cache.fetch(Bundle.of("gs://bucket/0/", bundle.files))
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]
    cache.close()
