"""The usual recipe, as published code does it: full SVD and a partition of each matrix, in numpy, into one file a half.

shaped_recipe.py MODELS OUT: merges MODELS/expert into MODELS/base.
shaped_recipe.py MODELS OUT MERGED: compares OUT with the bundle MERGED.
"""

import os
import sys

import numpy as np

RANK, DENSITY, SCALE = 7, 0.2, 0.2


def prune(delta):
    u, s, vt = np.linalg.svd(delta, full_matrices=False)
    low = (u[:, :RANK] * s[:RANK]) @ vt[:RANK]
    rest = delta - low
    magnitude = np.abs(rest).ravel()
    keep = int(magnitude.size * DENSITY)
    threshold = np.partition(magnitude, magnitude.size - keep)[magnitude.size - keep]
    return low + np.where(np.abs(rest) >= threshold, rest, 0)


def tensors(models):
    for line in open(os.path.join(models, "tensors.tsv")):
        file, offset, rows, columns = line.split("\t")
        start, rows, columns = int(offset) // 4, int(rows), int(columns)
        yield file, slice(start, start + max(rows, 1) * columns), rows, columns


def merge(models, out):
    os.makedirs(out, exist_ok=True)
    results = {}
    for file, part, rows, columns in tensors(models):
        base, expert = (np.memmap(os.path.join(models, b, file), np.float32, "r")[part] for b in ("base", "expert"))
        if file not in results:
            size = os.path.getsize(os.path.join(models, "base", file)) // 4
            results[file] = np.memmap(os.path.join(out, file), np.float32, "w+", shape=size)
        delta = expert - base
        if rows:
            delta = prune(delta.reshape(rows, columns)).ravel()
        results[file][part] = base + SCALE * delta


def compare(models, out, merged):
    total = beyond = 0
    for file, part, _, _ in tensors(models):
        ours, theirs = (np.memmap(os.path.join(d, file), np.float32, "r")[part] for d in (out, merged))
        total += ours.size
        beyond += int(np.count_nonzero(np.abs(ours - theirs) > 2e-6))
    print(f"{beyond} of {total} weights are more than 2e-6 apart.")


(compare if len(sys.argv) > 3 else merge)(*sys.argv[1:])
