"""Bundles in S3, on a server that answers as S3 does and takes only what boto3 should ask."""

import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import announced

from koine_subscriber import RejectedError, TroubleHereError, s3
from koine_subscriber.bundles import Bundle, BundleFile, bundle_of
from koine_subscriber.cache import BundleCache

FILE = BundleFile("model.onnx", 1, "0" * 64)


class S3(http.server.BaseHTTPRequestHandler):
    """One bucket, path-style, signature version 4; `objects` has bytes, or the code of a refusal."""

    objects: dict[str, bytes | tuple[int, str]] = {}
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        signed = self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=koine-test/")
        bucket, _, key = self.path[1:].partition("?")[0].partition("/")
        if not signed or "?" in self.path:
            return self._refuse(403, "AccessDenied")
        if bucket != "models":
            return self._refuse(404, "NoSuchBucket")
        found = self.objects.get(key, (404, "NoSuchKey"))
        if isinstance(found, tuple):
            return self._refuse(*found)
        self.send_response(200)
        self.send_header("Content-Length", str(len(found) + (1000 if key.endswith("cut") else 0)))
        self.end_headers()
        self.wfile.write(found)

    def _refuse(self, status: int, code: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>" if code else "<p>a proxy</b>"
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def running() -> Iterator[type[S3]]:
    pytest.importorskip("boto3", reason="boto3 is not installed")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), S3) as running, pytest.MonkeyPatch.context() as monkeypatch:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{running.server_port}",
            "AWS_ACCESS_KEY_ID": "koine-test",
            "AWS_SECRET_ACCESS_KEY": "hidden",
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        }.items():
            monkeypatch.setenv(name, value)
        s3._client.cache_clear()
        yield S3
        s3._client.cache_clear()
        running.shutdown()


@pytest.fixture
def server(running: type[S3]) -> type[S3]:
    running.objects.clear()
    running.asked.clear()
    return running


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_bundles_are_fetched(server: type[S3], tmp_path: Path, scheme: str) -> None:
    listed = bundle_of(announced(tmp_path / "store", 0, b"0")).files[0]
    files = [listed, BundleFile("deep/größe 1+.txt", listed.size, listed.sha256)]
    server.objects.update({"koine/x/model.onnx": b"0", "koine/x/deep/gr%C3%B6%C3%9Fe%201%2B.txt": b"0"})
    cache = BundleCache(tmp_path / "cache")
    copy = cache.fetch(Bundle.of(f"{scheme}://models/koine/x/", files))
    assert [(copy / file.path).read_bytes() for file in files] == [b"0", b"0"]
    assert len(server.asked) == 2
    cache.close()


@pytest.mark.parametrize(
    ("key", "found", "code"),
    [
        ("gone", None, "MISSING_FILE"),
        ("longer", b"00", "SIZE_MISMATCH"),
        ("other", b"1", "DIGEST_MISMATCH"),
        ("denied", (403, "AccessDenied"), "S3 does not give"),
        ("skewed", (403, "RequestTimeTooSkewed"), "Set this machine's clock"),
        ("proxied", (404, ""), "S3 does not give"),
        ("elsewhere", (400, "AuthorizationHeaderMalformed"), "S3 does not give"),
    ],
)
def test_what_s3_says_is_the_version_s_fault_or_not(server: type[S3], tmp_path: Path, key: str, found: Any, code: str) -> None:
    file = BundleFile(key, 1, FILE.sha256)
    if found is not None:
        server.objects[key] = found
    cache = BundleCache(tmp_path / "cache")
    with pytest.raises((RejectedError, TroubleHereError)) as raised:
        cache.fetch(Bundle.of("s3://models/", [file]))
    assert code in (raised.value.code if isinstance(raised.value, RejectedError) else str(raised.value))
    assert "hidden" not in str(raised.value)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]
    cache.close()


def test_a_body_that_is_cut_off_is_trouble(server: type[S3], tmp_path: Path) -> None:
    server.objects["x/cut"] = b"0" * 2000
    cache = BundleCache(tmp_path / "cache")
    with pytest.raises(TroubleHereError, match="broke off"):
        cache.fetch(Bundle.of("s3://models/x/", [BundleFile("cut", 3000, FILE.sha256)]))
    cache.close()


def test_a_bucket_that_is_not_there_is_trouble(server: type[S3]) -> None:
    with pytest.raises(TroubleHereError, match="Make the bucket"):
        s3.open_s3("s3://other/x/", FILE)


def test_a_server_that_is_away_and_an_address_that_is_none_are_trouble(monkeypatch: pytest.MonkeyPatch, server: type[S3]) -> None:
    for address in ("http://127.0.0.1:1", "nonsense"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        s3._client.cache_clear()
        with pytest.raises(TroubleHereError, match="AWS_ENDPOINT_URL"):
            s3.open_s3("s3://models/x/", FILE)
    s3._client.cache_clear()


@pytest.mark.parametrize(
    "uri",
    ["s3:///x/", "s3://b@models/x/", "s3://models:80/x/", "s3://models/x/?a", "s3://models/x/#a", "s3://models/../x/"]
    + ["s3://models/a//b/", "s3://models/x//", "s3://models/%2e%2e/", "s3://models/a%5Cb/", "s3://m\nodels/x/"],
)
def test_places_that_are_not_plain_are_refused(uri: str) -> None:
    with pytest.raises(RejectedError) as raised:
        s3.open_s3(uri, FILE)
    assert raised.value.code == "PLACE_NOT_ALLOWED"


def test_without_boto3_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("boto3", "botocore")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("boto3", "botocore"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(TroubleHereError, match=r"pip install 'koine-subscriber\[s3\]'"):
        s3.open_s3("s3://models/x/", FILE)
