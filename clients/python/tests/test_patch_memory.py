"""Memory does not grow with the model."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from patches import block, onnx_matrix, put, safetensors

COLUMNS, RANK = 1024, 4
MOST_GROWTH = 8 << 20


def main(folder: Path, vector: str) -> int:
    """Computes a version in a process of its own; returns the largest resident set in bytes."""
    from koine_subscriber.patch.methods import Method
    from koine_subscriber.patch.running import RunningModel

    place = lambda digest: folder / "artifacts" / digest.removeprefix("sha256:")  # noqa: E731
    model = RunningModel(folder / "base", ["model.onnx"], Method(None), folder, place)
    model.change((vector, 1.0), 1)
    model.change((vector, 0.5), 1)
    model.change((vector, 0.5), -1)
    (folder / "version").mkdir()
    model.write(folder / "version", 0.3)
    # Not ru_maxrss: that of a process begins with what its parent had.
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def made(folder: Path, rows: int) -> str:
    """A base of so many rows and a task vector; returns its digest."""
    chance = np.random.default_rng(1)
    (folder / "base").mkdir(parents=True)
    values = chance.standard_normal((rows, COLUMNS), np.float32) * np.float32(0.1)
    (folder / "base/model.onnx").write_bytes(onnx_matrix(rows, COLUMNS, values.tobytes()))
    low_rank = rows // 2
    shapes = {"u": [low_rank, RANK], "v": [RANK, COLUMNS]}
    tensors = {
        f"model.onnx/w@0.{name}": ("F32", shape, (chance.standard_normal(shape, np.float32) * np.float32(0.05)).tobytes())
        for name, shape in shapes.items()
    }
    start = low_rank * COLUMNS
    dense = values.size - start
    tensors[f"model.onnx/w@{start}.dense"] = ("F16", [dense], np.full(dense, 0.01, "<f2").tobytes())
    said = block("model.onnx/w", dense=False, rows=low_rank, columns=COLUMNS, rank=RANK)
    blocks = [said, block("model.onnx/w", precision="FLOAT16", columns=dense, **{"from": start})]
    piece = put(folder, safetensors(tensors, blocks))
    vector = b'{"format":1,"base":"","expert":"","pieces":["sha256:%s"]}' % piece["sha256"].encode()
    return "sha256:" + str(put(folder, vector)["sha256"])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say how much memory is resident")
def test_the_resident_set_does_not_grow_with_the_model(tmp_path: Path) -> None:
    largest = []
    for rows in (1 << 10, 1 << 13):
        folder = tmp_path / str(rows)
        vector = made(folder, rows)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, __file__, str(folder), vector]
        largest.append(int(subprocess.run(command, env=environment, check=True, capture_output=True).stdout))
    assert largest[1] - largest[0] < MOST_GROWTH


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), sys.argv[2]))
