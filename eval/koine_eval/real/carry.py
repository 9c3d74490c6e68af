"""Carries weights of an ONNX bundle to the names of the checkpoint that its base was exported from.

An initialiser of the base's export belongs to the tensor of the checkpoint with the same values, as it is or transposed.
"""

import hashlib

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.numpy import load_file

from koine_eval.real import whisper

FILES = ("encoder_model.onnx", "decoder_model.onnx")


def model(store, bundle):
    """The base with the weights of `bundle`, which was merged from the base's export."""
    made = whisper.load(store.model("base"))
    state = {name: torch.from_numpy(array) for name, array in weights(store, bundle).items()}
    missing = set(made.load_state_dict(state, strict=False).missing_keys) - set(made._tied_weights_keys)
    if missing:
        raise ValueError(f"{bundle} has no weights for {sorted(missing)}.")
    return made


def weights(store, bundle):
    """Name -> array of the checkpoint."""
    names = _by_content(load_file(store.model("base") / "model.safetensors"))
    found = {}
    for file in FILES:
        base = _initialisers(store.model("base-onnx") / file)
        for name, array in _initialisers(bundle / file).items():
            for target, is_transposed in names.get(_content(base[name]), ()):
                value = (array.T if is_transposed else array).copy()
                if target in found and not np.array_equal(found[target], value):
                    raise ValueError(f"{bundle} has two values for {target}.")
                found[target] = value
    return found


def _by_content(tensors):
    names = {}
    for name, array in tensors.items():
        names.setdefault(_content(array), []).append((name, False))
        if array.ndim == 2:
            names.setdefault(_content(array.T), []).append((name, True))
    return names


def _content(array):
    return array.shape, str(array.dtype), hashlib.sha256(np.ascontiguousarray(array)).digest()


def _initialisers(path):
    return {one.name: numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
