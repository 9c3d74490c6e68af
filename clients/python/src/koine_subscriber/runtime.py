"""ONNX Runtime as the decoders use it; needs the extra `onnx`."""

from collections.abc import Set
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from koine_subscriber.errors import RejectedError


def open_session(folder: Path, name: str, threads: int) -> Any:
    """A session of one file on the CPU; `name` without `.onnx`. Raises RejectedError MISSING_FILE or NOT_LOADABLE."""
    file = folder / f"{name}.onnx"
    if not file.is_file():
        raise RejectedError("MISSING_FILE", f"The bundle has no file {file.name}, which its model needs.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as e:
        raise RejectedError("NOT_LOADABLE", f"ONNX Runtime does not load {file.name}: {e}") from e


def float_matrix(features: Any) -> Any:
    """Features as float32. Raises ValueError if they are no matrix or empty."""
    matrix = np.ascontiguousarray(features, np.float32)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"Features of the shape {matrix.shape} are no matrix.")
    return matrix


def logits_of(output: Any) -> Any:
    """The logits [steps, vocabulary] of a model's first output. Raises RuntimeError if it is not [1, steps, vocabulary]."""
    if not isinstance(output, np.ndarray) or output.dtype.kind != "f" or output.ndim != 3 or output.shape[0] != 1:
        raise RuntimeError(
            f"The model's first output has the shape {getattr(output, 'shape', '-')} where float logits of "
            "[1, steps, vocabulary] are needed. Export it with the logits first."
        )
    return output[0]


def best(logits: Any, suppressed: Set[int] = frozenset()) -> int:
    """The likeliest token of a step, the lowest of equals.

    Raises RuntimeError if a logit is NaN or positive infinity, or no token may be chosen.
    """
    if not (logits < np.inf).all():
        raise RuntimeError("The model answers NaN or infinity. Its weights are damaged or overflow their element type.")
    allowed = (
        np.array([token for token in range(len(logits)) if token not in suppressed]) if suppressed else np.arange(len(logits))
    )
    if not allowed.size:
        raise RuntimeError(f"The model may choose none of its {len(logits)} tokens.")
    return int(allowed[np.argmax(logits[allowed])])
