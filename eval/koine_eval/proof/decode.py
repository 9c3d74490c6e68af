"""Decodes whole sets of utterances with the weights of a Whisper bundle: greedy, batched, with a key-value cache.

ONNX Runtime without a cache would take ten times as long; `check` holds that both write the same text.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch.nn import functional as F

from koine_eval import corpus, whisper
from koine_eval.proof import plan
from koine_eval.recognition import WhisperRecogniser

FILES = ("encoder_model.onnx", "decoder_model.onnx")


def initializers(folder):
    """(file, initializer) -> array, of both files of a bundle."""
    return {
        (file, tensor.name): numpy_helper.to_array(tensor)
        for file in FILES
        for tensor in onnx.load(folder / file).graph.initializer
    }


class Layout:
    """Which initializer of an exported base is which weight, found by value: exporters rename and transpose them."""

    def __init__(self, base, state):
        self.places = {}
        weights = {name.removeprefix("whisper."): value.numpy() for name, value in state.items()}
        found = {}
        for place, array in initializers(base).items():
            for transposed in (False, True):
                view = np.ascontiguousarray(array.T if transposed else array)
                found.setdefault((place[0].split("_")[0], view.shape, view.tobytes()), (place, transposed))
        for name, value in weights.items():
            file = "encoder" if name.startswith("model.encoder") else "decoder"
            if not name.startswith("ctc_head"):
                self.places[name] = found[file, value.shape, np.ascontiguousarray(value).tobytes()]
        table = weights["model.decoder.embed_tokens.weight"]
        tied = [place for place, array in initializers(base).items() if np.array_equal(array, table.T)]
        if tied:  # folding writes the tied table twice
            self.places["proj_out.weight"] = (tied[0], True)

    def read(self, folder):
        """The weights of a bundle that is built like the base: name -> tensor."""
        arrays = initializers(folder)
        read = lambda place, transposed: np.ascontiguousarray(arrays[place].T if transposed else arrays[place])
        return {name: torch.from_numpy(read(*place).astype(np.float32)) for name, place in self.places.items()}


class Model:
    """Whisper's two halves as functions of named weights."""

    def __init__(self, weights, shape):
        self.weights = weights
        self.shape = shape

    def linear(self, x, name):
        return F.linear(x, self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias"))

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def heads(self, x):
        return x.view(*x.shape[:2], self.shape.heads, -1).transpose(1, 2)

    def attend(self, x, keys, values, name):
        queries = self.heads(self.linear(x, f"{name}.q_proj"))
        mixed = F.scaled_dot_product_attention(queries, keys, values)
        return self.linear(mixed.transpose(1, 2).flatten(2), f"{name}.out_proj")

    def keys_and_values(self, x, name):
        return self.heads(self.linear(x, f"{name}.k_proj")), self.heads(self.linear(x, f"{name}.v_proj"))

    def feed_forward(self, x, layer):
        inner = F.gelu(self.linear(self.norm(x, f"{layer}.final_layer_norm"), f"{layer}.fc1"))
        return x + self.linear(inner, f"{layer}.fc2")

    def encode(self, x):
        """Features [batch, mels, frames] -> hidden states."""
        part = "model.encoder"
        convolve = lambda x, name, stride: F.gelu(
            F.conv1d(x, self.weights[f"{part}.{name}.weight"], self.weights[f"{part}.{name}.bias"], stride, 1)
        )
        x = convolve(convolve(x, "conv1", 1), "conv2", 2).transpose(1, 2)
        x = x + self.weights[f"{part}.embed_positions.weight"]
        for i in range(self.shape.layers):
            layer = f"{part}.layers.{i}"
            normed = self.norm(x, f"{layer}.self_attn_layer_norm")
            attention = f"{layer}.self_attn"
            x = x + self.attend(normed, *self.keys_and_values(normed, attention), attention)
            x = self.feed_forward(x, layer)
        return self.norm(x, f"{part}.layer_norm")

    def step(self, ids, position, heard, cache):
        """Logits after one more token a row; `cache` grows by its keys and values."""
        part = "model.decoder"
        x = self.weights[f"{part}.embed_tokens.weight"][ids[:, None]]
        x = x + self.weights[f"{part}.embed_positions.weight"][position]
        for i in range(self.shape.layers):
            layer = f"{part}.layers.{i}"
            normed = self.norm(x, f"{layer}.self_attn_layer_norm")
            new = self.keys_and_values(normed, f"{layer}.self_attn")
            cache[i] = [torch.cat(pair, 2) for pair in zip(cache[i], new)] if cache[i] else list(new)
            x = x + self.attend(normed, *cache[i], f"{layer}.self_attn")
            normed = self.norm(x, f"{layer}.encoder_attn_layer_norm")
            x = x + self.attend(normed, *heard[i], f"{layer}.encoder_attn")
            x = self.feed_forward(x, layer)
        return self.linear(self.norm(x, f"{part}.layer_norm"), "proj_out")[:, 0]

    def decode(self, hidden, prompts, end):
        """Hidden states [rows, ...] and prompts [tasks, length] -> ids [tasks * rows, ...], up to the end token."""
        tasks, rows = len(prompts), len(hidden)
        heard = [
            [part.repeat(tasks, 1, 1, 1) for part in self.keys_and_values(hidden, f"model.decoder.layers.{i}.encoder_attn")]
            for i in range(self.shape.layers)
        ]
        cache = [None] * self.shape.layers
        prompts = prompts.repeat_interleave(rows, 0)
        for position, ids in enumerate(prompts.T):
            logits = self.step(ids, position, heard, cache)
        written = torch.full((tasks * rows, self.shape.target_positions - prompts.shape[1]), end)
        alive, running = torch.arange(tasks * rows), torch.ones(tasks * rows, dtype=torch.bool)
        for column in range(written.shape[1]):
            ids = torch.where(running, logits.argmax(-1), end)
            written[alive, column] = ids
            running = ids != end
            if running.sum() < 0.75 * len(running):  # finished rows are dropped now and then
                heard, cache = ([[part[running] for part in layer] for layer in layers] for layers in (heard, cache))
                alive, ids, running = alive[running], ids[running], running[running]
            if not len(alive) or column + 1 == written.shape[1]:
                break
            logits = self.step(ids, prompts.shape[1] + column, heard, cache)
        return written


@torch.no_grad()
def transcripts(model, utterances, tasks=whisper.TASKS):
    """Task -> the text of each utterance; all are of one language."""
    vocab = plan.BASE_TASK.vocab
    end = vocab["<|endoftext|>"]
    hidden = model.encode(torch.stack([whisper.pad(u.features, plan.SHAPE) for u in utterances]))
    prompts = torch.tensor([whisper.prompt(utterances[0].language, task, vocab) for task in tasks])
    ids = model.decode(hidden, prompts, end)
    texts = [whisper.decode([i for i in row if i != end], vocab) for row in ids.tolist()]
    return {task: texts[i * len(utterances) : (i + 1) * len(utterances)] for i, task in enumerate(tasks)}


def check(bundle, layout, utterances):
    """How many texts of a bundle differ between ONNX Runtime, one utterance at a time, and `transcripts`: (differ, all)."""
    recogniser = WhisperRecogniser(bundle)
    batched = transcripts(Model(layout.read(bundle), plan.SHAPE), utterances)
    pairs = [
        (recogniser.recognise(whisper.stack(u.features, plan.SHAPE).T, u.language, task), text)
        for task, texts in batched.items()
        for u, text in zip(utterances, texts, strict=True)
    ]
    return sum(one != other for one, other in pairs), len(pairs)
