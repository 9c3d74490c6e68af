"""Writes a trained model as the folder of files that a speech service gets: ONNX files and JSON side files."""

import json

import torch

from koine_eval import ctc, features, onnx_export, whisper


def export_ctc(model, vocab, folder):
    """model.onnx and its side files."""
    folder.mkdir(parents=True)
    onnx_export.export(
        model.eval(),
        {"features": torch.randn(2, 61, features.MELS)},
        "logits",
        {"features": {0: "batch", 1: "frames"}, "logits": {0: "batch", 1: "time"}},
        folder / "model.onnx",
    )
    _write_side_files(folder, ctc.side_files(vocab))


def export_whisper(model, vocab, folder, shape=whisper.FIXTURES):
    """encoder_model.onnx with external data, decoder_model.onnx, and their side files."""
    folder.mkdir(parents=True)
    model = model.whisper.eval()
    hidden = (2, shape.source_positions, shape.width)
    onnx_export.export(
        whisper.Encoder(model),
        {"input_features": torch.randn(2, shape.mels, 2 * shape.source_positions)},
        "last_hidden_state",
        {"input_features": {0: "batch"}, "last_hidden_state": {0: "batch"}},
        folder / "encoder_model.onnx",
    )
    onnx_export.move_weights_out(folder / "encoder_model.onnx")
    onnx_export.export(
        whisper.Decoder(model),
        {"input_ids": torch.randint(len(vocab), (2, 7)), "encoder_hidden_states": torch.randn(hidden)},
        "logits",
        {
            "input_ids": {0: "batch", 1: "seq"},
            "encoder_hidden_states": {0: "batch"},
            "logits": {0: "batch", 1: "seq"},
        },
        folder / "decoder_model.onnx",
    )
    _write_side_files(folder, whisper.side_files(vocab, shape))


def _write_side_files(folder, files):
    for name, content in files.items():
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (folder / name).write_text(text, encoding="utf-8")
