"""Exports the trained models of the proof as ONNX bundles, and holds that each expert is built like its base."""

import shutil

import torch

from koine_eval import bundles, onnx_export
from koine_eval.proof import plan
from koine_eval.proof.decode import FILES


def export(state, base, out):
    """Writes one bundle unless it is there; `base` is the base's bundle, or the one being written."""
    if out.exists():
        return
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model = plan.BASE_TASK.new_model()
    model.load_state_dict(torch.load(state))
    bundles.export_whisper(model, plan.BASE_TASK.vocab, part, plan.SHAPE)
    for file in FILES:
        onnx_export.check_same_structure((base if base.exists() else part) / file, part / file)
    part.rename(out)
