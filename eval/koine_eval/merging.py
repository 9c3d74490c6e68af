"""LoRS-Merging (arXiv 2502.17380v3) of exported ONNX files in plain numpy: slow, exact, and independent of the engine.

    merged = base + scale * sum over experts of prune(expert - base)

`prune` keeps, of the matrices of attention and MLP blocks, the best rank-r part and the largest entries of what is left
over; all other tensors keep their whole delta.
"""

import numpy as np
import onnx
from onnx import numpy_helper

RANK = 7
DENSITY = 0.2


def prune(delta, rank=RANK, density=DENSITY):
    """Low-rank plus sparse part of a matrix; equal magnitudes are kept by lowest index."""
    u, s, vt = np.linalg.svd(delta, full_matrices=False)
    low_rank = (u[:, :rank] * s[:rank]) @ vt[:rank]
    residual = (delta - low_rank).ravel()
    keep = np.lexsort((np.arange(residual.size), -np.abs(residual)))[: int(residual.size * density)]
    sparse = np.zeros_like(residual)
    sparse[keep] = residual[keep]
    return low_rank + sparse.reshape(delta.shape)


def task_vector(base, expert):
    """Pruned delta of every float tensor of two loaded models of the same structure: [delta or None, ...]."""
    linear = _linear_weights(base)
    deltas = []
    for ours, theirs in zip(base.graph.initializer, expert.graph.initializer, strict=True):
        if ours.data_type != onnx.TensorProto.FLOAT:
            deltas.append(None)
            continue
        delta = numpy_helper.to_array(theirs).astype(np.float64) - numpy_helper.to_array(ours)
        deltas.append(prune(delta) if ours.name in linear else delta)
    return deltas


def merge(base, task_vectors, scale):
    """A copy of the loaded base model with the scaled sum of task vectors added."""
    merged = onnx.ModelProto()
    merged.CopyFrom(base)
    for i, tensor in enumerate(merged.graph.initializer):
        if task_vectors[0][i] is not None:
            total = scale * sum(vector[i] for vector in task_vectors)
            values = (numpy_helper.to_array(tensor) + total).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return merged


def _linear_weights(model):
    """Names of the matrices that a MatMul consumes, without the vocabulary projection."""
    matrices = {i.name for i in model.graph.initializer if len(i.dims) == 2}
    uses = [(node.name, name) for node in model.graph.node if node.op_type == "MatMul" for name in node.input]
    return {name for node, name in uses if name in matrices and "/lm_head/" not in node and "/proj_out/" not in node}
