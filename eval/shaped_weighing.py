"""What a merge weighed by Grams (RegMean, arXiv 2212.09849) costs in numpy, as a script does it: all experts anew, dense Grams, one solve a matrix.

shaped_weighing.py MODELS OUT EXPERTS: writes MODELS/base with as many experts merged in to OUT. Task vectors are of rank 32 and random,
Grams a diagonal and 64 random eigenvectors, as `bench/weigh` has them; prints seconds.
"""

import os
import sys
import time

import numpy as np
from shaped_recipe import STORED, decode, encode, tensors

RANK, EIGENVECTORS, RIDGE, SCALE = 32, 64, 1e-3, 0.4


def gram(random, size):
    factors = np.sqrt(0.8 / EIGENVECTORS) * random.choice((-1.0, 1.0), (min(EIGENVECTORS, size), size))
    return factors.T @ factors + 0.2 * np.eye(size)


def weighed(random, rows, columns, experts):
    """The merged delta of a matrix [rows, columns] whose input has `rows` elements."""
    p, q = np.zeros((rows, rows)), np.zeros((rows, columns))
    for _ in range(experts):
        rank = min(RANK, rows, columns)
        delta = random.standard_normal((rows, rank)) @ random.standard_normal((rank, columns)) * 1e-4
        own = gram(random, rows)
        p += own
        q += own @ delta
    p[np.diag_indices(rows)] += RIDGE * np.trace(p) / rows
    return np.linalg.solve(p, q)


def merge(models, out, experts):
    os.makedirs(out, exist_ok=True)
    random = np.random.default_rng(0)
    results = {}
    started = time.monotonic()
    for file, part, rows, columns, kind in tensors(models):
        base = decode(np.memmap(os.path.join(models, "base", file), STORED[kind], "r")[part], kind)
        if file not in results:
            size = os.path.getsize(os.path.join(models, "base", file)) // STORED[kind]().itemsize
            results[file] = np.memmap(os.path.join(out, file), STORED[kind], "w+", shape=size)
        if rows:
            delta = weighed(random, rows, columns, experts).ravel().astype(np.float32)
        else:
            delta = SCALE * 1e-4
        results[file][part] = encode(base + delta, kind)
    for result in results.values():
        result.flush()
    print(f"| numpy, all experts anew | {experts} | {time.monotonic() - started:.2f} | | |")


merge(sys.argv[1], sys.argv[2], int(sys.argv[3]))
