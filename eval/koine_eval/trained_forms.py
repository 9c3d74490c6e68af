"""Writes fixtures in the forms that training leaves experts in: checkpoints of CTC models, and a LoRA adapter, from their ONNX bundles.

The bundle has every tensor of the state dict: vectors and convolutions under their names, linear weights transposed, under numbers, at nodes
whose names are the modules' paths. What is written is loaded into the model again and compared with ONNX Runtime before it counts.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import save_file

from koine_eval import ctc, onnx_export


def state_dict(bundle):
    """The tensors of the model that was exported to `bundle`, under their names in torch."""
    graph = onnx.load(bundle / "model.onnx").graph
    values = {initializer.name: numpy_helper.to_array(initializer) for initializer in graph.initializer}
    state = {name: value for name, value in values.items() if "::" not in name}
    for node in graph.node:
        for name in node.input:
            if name in values and "::" in name:
                module = node.name.strip("/").rsplit("/", 1)[0].replace("/", ".")
                state[f"{module}.weight"] = values[name].T
    return {name: torch.from_numpy(np.array(value, order="C")) for name, value in state.items()}


def write(bundle, out):
    """The checkpoint of a bundle, in a folder that takes the place of the old one."""
    state = state_dict(bundle)
    model = ctc.CtcTask(json.loads((bundle / "vocab.json").read_text(encoding="utf-8"))).new_model().eval()
    model.load_state_dict(state)
    speech = torch.randn(1, 61, ctc.features.MELS)
    with torch.no_grad():
        expected = model(speech).numpy()
    session = onnx_export.session(bundle / "model.onnx")
    error = np.abs(session.run(None, {"features": speech.numpy()})[0] - expected).max()
    if not error < 1e-3:
        raise SystemExit(f"{bundle}: the checkpoint and the export differ by {error}")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    save_file(state, out / "model.safetensors", {"format": "pt"})
    (out / "model.safetensors").chmod(0o644)
    for name in ("config.json", "vocab.json"):
        shutil.copyfile(bundle / name, out / name)
    print(f"trained forms: {out}", flush=True)


#: Modules that an adapter keeps whole; the others are linear and get factors of this rank.
SAVED_WHOLE = ("conv1", "conv2", "position")
RANK = 24


def write_adapter(base, expert, out):
    """The adapter, as PEFT saves one with biases and some modules whole, that comes closest to an expert."""
    before, after = state_dict(base), state_dict(expert)
    tensors, targets = {}, []
    for name, value in after.items():
        module, _, parameter = name.rpartition(".")
        if parameter == "weight" and value.dim() == 2 and module not in SAVED_WHOLE:
            u, sizes, v = torch.linalg.svd((value - before[name]).double(), full_matrices=False)
            half = sizes[:RANK].sqrt()
            tensors[f"{module}.lora_B.weight"] = (u[:, :RANK] * half).float().contiguous()
            tensors[f"{module}.lora_A.weight"] = (half[:, None] * v[:RANK]).float().contiguous()
            targets.append(module)
        else:
            tensors[name] = value
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": "koine/fixtures/ctc/base",
        "r": RANK,
        "lora_alpha": RANK,
        "bias": "all",
        "target_modules": targets,
        "modules_to_save": sorted({name.rpartition(".")[0] for name in tensors if "lora_" not in name} - set(targets)),
    }
    wrapped = {f"{module}.bias": f"{module}.base_layer.bias" for module in targets}
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    save_file(
        {f"base_model.model.{wrapped.get(name, name)}": value for name, value in tensors.items()},
        out / "adapter_model.safetensors",
        {"format": "pt"},
    )
    (out / "adapter_model.safetensors").chmod(0o644)
    (out / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    print(f"trained forms: {out}", flush=True)


def write_all(fixtures):
    """The trained forms beside the CTC bundles of a folder."""
    for name in ("base", "ca"):
        write(fixtures / name, fixtures / "trained" / name)
    write_adapter(fixtures / "base", fixtures / "nl", fixtures / "trained" / "nl-adapter")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixtures", type=Path, required=True, help="the folder with the CTC bundles")
    write_all(parser.parse_args().fixtures)


if __name__ == "__main__":
    main()
