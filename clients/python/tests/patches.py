"""The lines of versions that Java's PatchContractTest holds itself against, in a store; and pieces of task vectors of our own."""

import base64
import hashlib
import json
import math
import shutil
import struct
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from support import MODEL, golden

from koine_subscriber.bundles import Bundle, bundle_of
from koine_subscriber.cache import BundleCache
from koine_subscriber.events import Update, decode
from koine_subscriber.fetch import open_source
from koine_subscriber.patch.methods import Method
from koine_subscriber.patch.patcher import Patcher
from koine_subscriber.patch.running import RunningModel

PATCHES = Path(__file__).parents[3] / "engine/src/test/resources/dev/koine/engine/merge/patches"
LINES: list[dict[str, Any]] = json.loads((PATCHES / "lines.json").read_text("utf-8"))
COMPUTED = [line for line in LINES if "varints" not in line["name"] and "stock" not in line["name"]]
LARGE = next(line for line in LINES if line["folder"] == "large")
WEIGHED = [line for line in COMPUTED if "REGMEAN" in line["name"]]


def artifact(digest: str) -> Path:
    """The file of a digest; of that of statistics, the file that they are."""
    name = digest.removeprefix("sha256:")
    statistics = PATCHES / "statistics" / name / "statistics.safetensors"
    return statistics if statistics.exists() else PATCHES / "artifacts" / name


def running(line: dict[str, Any], scratch: Path, place: Callable[[str], Path] = artifact) -> RunningModel:
    """The base of a line with nothing inside."""
    update = line["updates"][0]
    files = [file["path"] for file in update["base"]["files"]]
    return RunningModel(PATCHES / "bases" / line["folder"], files, Method.of(update["recipe"]), scratch, place)


def members(update: dict[str, Any]) -> list[tuple[str, float]]:
    return [(expert["taskVectorDigest"], expert["weight"]) for expert in update["experts"]]


def compute(line: dict[str, Any], update: dict[str, Any], target: Path) -> None:
    """Computes a version from scratch."""
    model = running(line, target.parent)
    for member in members(update):
        model.change(member, 1)
    model.write(target, update["scale"])
    model.close()


def staged(line: dict[str, Any], store: Path, versions: Iterable[int] = (1, 2, 3, 4)) -> list[Update]:
    """Version 0, which is the base, and these of a line, as updates of a store that has all of their files."""
    shutil.copytree(PATCHES / "bases" / line["folder"], store / "base")
    base = {**line["updates"][0]["base"], "uri": (store / "base").as_uri() + "/"}
    first = _update(line["updates"][0], 0, base, [])
    first.update(base=None, scale=None)
    updates = [first]
    for said in line["updates"]:
        if said["version"] in versions:
            whole = store / f"version-{said['version']}"
            whole.mkdir()
            compute(line, said, whole)
            bundle = {**said["bundle"], "uri": whole.as_uri() + "/"}
            experts = [_expert(number, expert, store) for number, expert in enumerate(said["experts"])]
            update = _update(said, said["version"], bundle, experts)
            update.update(base=base)
            updates.append(update)
    return updates


def _update(said: dict[str, Any], version: int, bundle: dict[str, Any], experts: list[dict[str, Any]]) -> Update:
    update = decode(base64.b64decode(golden("events.json", "plain")["base64"]))
    update["recipe"].update(said["recipe"])
    digest = Bundle.from_event(bundle).digest
    update.update(modelId=MODEL, version=version, bundle=bundle, digest=digest, experts=experts)
    update.update(scale=said["scale"], scalesDigest=said["scalesDigest"])
    return update


def _expert(number: int, said: dict[str, Any], store: Path) -> dict[str, Any]:
    listed = json.loads(artifact(said["patch"]["list"]["files"][0]["sha256"]).read_text("utf-8"))
    return expert(store, f"e{number}", said["weight"], said["taskVectorDigest"], listed)


def expert(store: Path, name: str, weight: float, vector: str, listed: dict[str, Any]) -> dict[str, Any]:
    """A merged expert, with a list of files that is put in the store; golden artifacts are taken from where they are."""
    if listed["artifacts"]["uri"].startswith("file:///koine/"):
        listed["artifacts"]["uri"] = (PATCHES / "artifacts").as_uri() + "/"
    bundles = [listed["artifacts"]]
    if listed.get("statistics") is not None:
        statistics = listed["statistics"]
        statistics["uri"] = statistics["uri"].replace("file:///koine/", PATCHES.as_uri() + "/")
        bundles.append(statistics)
    file = put(store, json.dumps(listed).encode())
    total = sum(int(file["size"]) for bundle in bundles for file in bundle["files"])
    patch = {"list": {"uri": (store / "artifacts").as_uri() + "/", "files": [file]}, "bytes": total}
    return {
        "expertId": name,
        "revision": 1,
        "languages": [],
        "tasks": [],
        "weight": weight,
        "bundleDigest": "",
        "taskVectorDigest": vector,
        "combine": [],
        "statisticsDigest": None,
        "patch": patch,
    }


def put(store: Path, content: bytes) -> dict[str, Any]:
    """An artifact in the store."""
    name = hashlib.sha256(content).hexdigest()
    (store / "artifacts").mkdir(exist_ok=True)
    (store / "artifacts" / name).write_bytes(content)
    return {"path": name, "size": len(content), "sha256": name}


def with_piece(update: Update, store: Path, piece: bytes, **vector: Any) -> Update:
    """The update with one expert, whose task vector has this one piece."""
    file = put(store, piece)
    said = {"format": 1, "base": "", "expert": "", "pieces": ["sha256:" + file["sha256"]], **vector}
    listing = put(store, json.dumps(said).encode())
    listed = {"format": 1, "artifacts": {"uri": (store / "artifacts").as_uri() + "/", "files": [file, listing]}}
    return {**update, "experts": [expert(store, "forged", 1.0, "sha256:" + listing["sha256"], listed)]}


def safetensors(
    tensors: dict[str, tuple[str, list[int], bytes]], blocks: Any, version: str = "1", metadata: Mapping[str, str] | None = None
) -> bytes:
    """A piece of these tensors and blocks, sound or not; or a file with other metadata."""
    said = {"koine.format": "koine-task-vector", "koine.version": version, "koine.blocks": json.dumps(blocks)}
    header: dict[str, Any] = {"__metadata__": said if metadata is None else metadata}
    at = 0
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(content)]}
        at += len(content)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(content for _, _, content in tensors.values())


def block(key: str, **more: Any) -> dict[str, Any]:
    """A dense block of four elements, or what is said else."""
    said = {"weights": [key], "from": 0, "dense": True, "precision": "FLOAT32", "rows": 1, "columns": 4, "rank": 0, "keep": 0}
    return {**said, **more}


def onnx_matrix(rows: int, columns: int, values: bytes) -> bytes:
    """A model of one float32 matrix `w` that a MatMul multiplies with."""
    tensor = _varint(1, rows) + _varint(1, columns) + _varint(2, 1) + _bytes(8, b"w") + _bytes(9, values)
    node = _bytes(1, b"x") + _bytes(1, b"w") + _bytes(2, b"y") + _bytes(4, b"MatMul")
    assert len(values) == 4 * math.prod((rows, columns))
    return _varint(1, 8) + _bytes(7, _bytes(1, node) + _bytes(5, tensor))


def _bytes(field: int, content: bytes) -> bytes:
    return _number(field << 3 | 2) + _number(len(content)) + content


def _varint(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _number(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(found) + bytes([value])


class Here:
    """A cache and its patcher; `fetched` has the places that files came from, by the last part of their folder's name."""

    def __init__(self, folder: Path) -> None:
        self.fetched: list[str] = []
        self.cache = BundleCache(folder, self._open)
        self.patcher = Patcher(self.cache)

    def _open(self, bundle: Bundle, file: Any) -> Any:
        self.fetched.append(bundle.uri.rstrip("/").rsplit("/", 1)[1])
        return open_source(bundle, file)

    def take(self, update: Update, is_serving: bool = True) -> set[str]:
        """Installs a version as the subscriber does; returns what was fetched for it."""
        self.fetched.clear()
        folder = self.patcher.fetch(update, bundle_of(update), is_serving)
        bundle_of(update).verify(folder)
        self.cache.prune(folder, self.patcher.kept(update))
        self.patcher.prune(update)
        return set(self.fetched)

    def close(self) -> None:
        self.patcher.close()
        self.cache.close()
