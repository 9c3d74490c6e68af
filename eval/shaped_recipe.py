"""The usual recipe, as published code does it: full SVD and a partition of each matrix, in numpy, into one file a half.

shaped_recipe.py MODELS OUT: merges MODELS/expert into MODELS/base.
shaped_recipe.py MODELS OUT MERGED: compares OUT with the bundle MERGED.
"""

import os
import sys

import numpy as np

RANK, DENSITY, SCALE = 7, 0.2, 0.2
STORED = {"float32": np.float32, "float16": np.float16, "bfloat16": np.uint16}
# A weight at a tie of rounding may come out one unit in the last place apart.
LAST_PLACE = {"float32": 0, "float16": 2.0**-10, "bfloat16": 2.0**-7}


def prune(delta):
    u, s, vt = np.linalg.svd(delta, full_matrices=False)
    low = (u[:, :RANK] * s[:RANK]) @ vt[:RANK]
    rest = delta - low
    magnitude = np.abs(rest).ravel()
    keep = int(magnitude.size * DENSITY)
    threshold = np.partition(magnitude, magnitude.size - keep)[magnitude.size - keep]
    return low + np.where(np.abs(rest) >= threshold, rest, 0)


def decode(stored, kind):
    if kind == "bfloat16":
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return stored.astype(np.float32, copy=False)


def encode(values, kind):
    if kind == "bfloat16":
        bits = values.view(np.uint32)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return values.astype(STORED[kind], copy=False)


def tensors(models):
    for line in open(os.path.join(models, "tensors.tsv")):
        file, offset, rows, columns, kind, _ = line.split("\t")
        start, rows, columns = int(offset) // STORED[kind]().itemsize, int(rows), int(columns)
        yield file, slice(start, start + max(rows, 1) * columns), rows, columns, kind


def merge(models, out):
    os.makedirs(out, exist_ok=True)
    results = {}
    for file, part, rows, columns, kind in tensors(models):
        base, expert = (
            decode(np.memmap(os.path.join(models, b, file), STORED[kind], "r")[part], kind) for b in ("base", "expert")
        )
        if file not in results:
            size = os.path.getsize(os.path.join(models, "base", file)) // STORED[kind]().itemsize
            results[file] = np.memmap(os.path.join(out, file), STORED[kind], "w+", shape=size)
        delta = expert - base
        if rows:
            delta = prune(delta.reshape(rows, columns)).ravel()
        results[file][part] = encode(base + SCALE * delta, kind)


def compare(models, out, merged):
    total = beyond = 0
    for file, part, _, _, kind in tensors(models):
        ours, theirs = (decode(np.memmap(os.path.join(d, file), STORED[kind], "r")[part], kind) for d in (out, merged))
        total += ours.size
        beyond += int(np.count_nonzero(np.abs(ours - theirs) > 2e-6 + LAST_PLACE[kind] * np.abs(ours)))
    last_place = "" if LAST_PLACE[kind] == 0 else ", and more than a unit in the last place,"
    print(f"{beyond} of {total} weights are more than 2e-6{last_place} apart.")


if __name__ == "__main__":
    (compare if len(sys.argv) > 3 else merge)(*sys.argv[1:])
