"""Exports models to ONNX the way most published speech models were: TorchScript, constants folded.

Folding turns every linear weight into a transposed, renamed `onnx::MatMul_<n>`. Base and experts must go through
`export` alike, so that their graphs differ in weights only; `check_same_structure` holds that.
"""

import warnings

import numpy as np
import onnx
import onnxruntime
import torch

OPSET = 17


def export(module, inputs, output_name, dynamic_axes, path):
    """Writes `module` to `path`; inputs: name -> example tensor. Compares ONNX Runtime with torch before returning."""
    names, examples = list(inputs), tuple(inputs.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            examples,
            str(path),
            dynamo=False,
            do_constant_folding=True,
            opset_version=OPSET,
            input_names=names,
            output_names=[output_name],
            dynamic_axes=dynamic_axes,
        )
    with torch.no_grad():
        expected = module(*examples).numpy()
    actual = session(path).run(None, {name: example.numpy() for name, example in inputs.items()})[0]
    error = np.abs(actual - expected).max()
    if not error < 1e-3 * max(1.0, np.abs(expected).max()):
        raise SystemExit(f"{path}: ONNX Runtime and torch differ by {error}")


def move_weights_out(path):
    """Rewrites the file so that tensors of a kilobyte and more live in `<name>_data` beside it."""
    model = onnx.load(path)
    path.unlink()
    onnx.save_model(
        model,
        path,
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=path.name + "_data",
        size_threshold=1024,
    )


def session(model):
    """An ONNX Runtime session on one thread, over a file's path or a serialised model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def check_same_structure(base, expert):
    """Fails unless both files have the same nodes, and initializers of the same names, order, types and shapes.

    They differ when tensors of one file happen to be equal, all-zero biases say: the exporter then keeps one of them.
    """
    ours, theirs = (_outline(onnx.load(path, load_external_data=False)) for path in (base, expert))
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            raise SystemExit(f"{expert} is not built like {base}: they differ at {name}")
    if list(ours) != list(theirs):
        raise SystemExit(f"{expert} lists its nodes and initializers in another order than {base}")


def _outline(model):
    tensors = {f"initializer {i.name}": (i.data_type, tuple(i.dims)) for i in model.graph.initializer}
    return tensors | {f"node {node.name}": node.SerializeToString(deterministic=True) for node in model.graph.node}
