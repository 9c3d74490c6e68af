"""The Whisper architecture: transformers' own model, tiny, with a byte-level vocabulary."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from transformers import WhisperConfig, WhisperForConditionalGeneration

from koine_eval import features, phrases

TASKS = ["transcribe", "translate"]


@dataclass(frozen=True)
class Shape:
    """How large a model is, and what it hears and writes."""

    languages: tuple
    width: int = 96
    layers: int = 2
    heads: int = 4
    inner: int = 256
    source_positions: int = 128
    target_positions: int = 64
    #: Successive frames that are laid side by side into one.
    stacked: int = 1
    #: One token a character, not a byte.
    whole_characters: bool = False

    @property
    def mels(self):
        return features.MELS * self.stacked


FIXTURES = Shape(languages=("ca", "de", "es", "fr", "it"))


def byte_symbols():
    """The byte -> printable character table of GPT-2, which Whisper's vocabulary is written in."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def pieces(text, shape):
    """The tokens of a text: its bytes, or the bytes of each character, written in symbols."""
    symbols = byte_symbols()
    written = ["".join(symbols[byte] for byte in character.encode()) for character in text]
    return written if shape.whole_characters else list("".join(written))


def vocabulary(shape):
    """Token -> id: what transcripts and translations need, then the special tokens."""
    texts = (phrases.spell((number,), language) for language in [*shape.languages, "en"] for number in range(100))
    symbols = byte_symbols()
    order = {symbol: byte for byte, symbol in symbols.items()}
    used = sorted(set(pieces(" ".join(texts), shape)), key=lambda token: [order[symbol] for symbol in token])
    special = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{language}|>" for language in shape.languages)]
    special += ["<|translate|>", "<|transcribe|>", "<|notimestamps|>"]
    return {token: i for i, token in enumerate([*used, *special])}


def prompt(language, task, vocab):
    """The tokens that ask for a task."""
    tokens = ["<|startoftranscript|>", f"<|{language}|>", f"<|{task}|>", "<|notimestamps|>"]
    return [vocab[token] for token in tokens]


def encode(text, vocab, shape):
    """The tokens of a text, and the end token."""
    return [*(vocab[piece] for piece in pieces(text, shape)), vocab["<|endoftext|>"]]


def decode(ids, vocab):
    """The text of tokens; special tokens are skipped."""
    tokens = {i: token for token, i in vocab.items()}
    bytes_of = {symbol: byte for byte, symbol in byte_symbols().items()}
    data = bytes(bytes_of[symbol] for i in ids if not tokens[i].startswith("<|") for symbol in tokens[i])
    return " ".join(data.decode(errors="replace").split())


def config(vocab, shape):
    """transformers' configuration of a model."""
    end = vocab["<|endoftext|>"]
    return WhisperConfig(
        vocab_size=len(vocab),
        num_mel_bins=shape.mels,
        d_model=shape.width,
        encoder_layers=shape.layers,
        decoder_layers=shape.layers,
        encoder_attention_heads=shape.heads,
        decoder_attention_heads=shape.heads,
        encoder_ffn_dim=shape.inner,
        decoder_ffn_dim=shape.inner,
        max_source_positions=shape.source_positions,
        max_target_positions=shape.target_positions,
        dropout=0.0,
        attention_dropout=0.0,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=vocab["<|startoftranscript|>"],
        suppress_tokens=None,
        begin_suppress_tokens=None,
        attn_implementation="eager",
    )


def side_files(vocab, shape):
    """The JSON files that travel with the ONNX files: name -> content."""
    end = vocab["<|endoftext|>"]
    generation = {
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "decoder_start_token_id": vocab["<|startoftranscript|>"],
        "is_multilingual": True,
        "lang_to_id": {f"<|{language}|>": vocab[f"<|{language}|>"] for language in shape.languages},
        "task_to_id": {task: vocab[f"<|{task}|>"] for task in TASKS},
        "no_timestamps_token_id": vocab["<|notimestamps|>"],
        "max_length": shape.target_positions,
    }
    model = config(vocab, shape).to_dict() | {
        "architectures": ["WhisperForConditionalGeneration"],
        "features_padding": features.PADDING,
        "sampling_rate": features.SAMPLE_RATE,
        "hop_length": features.HOP * shape.stacked,
    }
    return {"config.json": model, "generation_config.json": generation, "vocab.json": vocab}


def stack(mel, shape):
    """Features [frames, mels] -> [frames / stacked, mels * stacked], silence appended to fill the last one."""
    missing = -len(mel) % shape.stacked
    return np.pad(mel, ((0, missing), (0, 0)), constant_values=features.PADDING).reshape(-1, shape.mels)


def pad(mel, shape):
    """Features [frames, mels] -> [mels, 2 * source_positions], silence appended."""
    stacked = stack(mel, shape)
    missing = 2 * shape.source_positions - len(stacked)
    return F.pad(torch.from_numpy(stacked.T.copy()), (0, missing), value=features.PADDING)


class WhisperWithCtc(nn.Module):
    """Whisper and a CTC head on its encoder. The head helps the encoder to start; it is never exported."""

    def __init__(self, vocab, shape):
        super().__init__()
        self.whisper = WhisperForConditionalGeneration(config(vocab, shape))
        self.ctc_head = nn.Linear(self.whisper.config.d_model, len(vocab))


class WhisperTask:
    """What training needs to know about this architecture: the model, and its loss on a batch of utterances."""

    IGNORED = -100

    def __init__(self, shape, ctc_weight=0.3):
        self.shape = shape
        self.ctc_weight = ctc_weight
        self.vocab = vocabulary(shape)

    def new_model(self):
        return WhisperWithCtc(self.vocab, self.shape)

    def loss(self, model, batch):
        hidden = model.whisper.model.encoder(torch.stack([pad(u.features, self.shape) for u in batch])).last_hidden_state
        transcripts = [encode(u.text, self.vocab, self.shape) for u in batch]
        translations = [encode(u.english, self.vocab, self.shape) for u in batch]
        rows = [prompt(u.language, "transcribe", self.vocab) + ids for u, ids in zip(batch, transcripts)]
        rows += [prompt(u.language, "translate", self.vocab) + ids for u, ids in zip(batch, translations)]
        end, longest = self.vocab["<|endoftext|>"], max(map(len, rows))
        ids = torch.tensor([row + [end] * (longest - len(row)) for row in rows])
        asked = 4  # the prompt is given, not predicted
        labels = torch.tensor(
            [[self.IGNORED] * asked + row[asked:] + [self.IGNORED] * (longest - len(row)) for row in rows]
        )
        decoded = model.whisper.model.decoder(ids[:, :-1], encoder_hidden_states=torch.cat([hidden, hidden]))
        logits = model.whisper.proj_out(decoded.last_hidden_state)
        attention = F.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=self.IGNORED)
        if not self.ctc_weight:
            return attention
        return attention + self.ctc_weight * self._ctc_loss(model.ctc_head(hidden), transcripts, end)

    @staticmethod
    def _ctc_loss(logits, transcripts, blank):
        labels = [ids[:-1] for ids in transcripts]
        time = torch.full((len(labels),), logits.shape[1])
        targets = torch.tensor([i for label in labels for i in label])
        lengths = torch.tensor([len(label) for label in labels])
        log_probabilities = logits.log_softmax(-1).transpose(0, 1)
        return F.ctc_loss(log_probabilities, targets, time, lengths, blank, "mean", zero_infinity=True)


class Encoder(nn.Module):
    """The half that becomes encoder_model.onnx."""

    def __init__(self, whisper):
        super().__init__()
        self.encoder = whisper.model.encoder

    def forward(self, input_features):
        return self.encoder(input_features).last_hidden_state


class Decoder(nn.Module):
    """The half that becomes decoder_model.onnx."""

    def __init__(self, whisper):
        super().__init__()
        self.decoder = whisper.model.decoder
        self.proj_out = whisper.proj_out

    def forward(self, input_ids, encoder_hidden_states):
        # The causal mask is made here: transformers' own way of making it has no TorchScript export.
        future = torch.ones_like(input_ids[0, :, None] * input_ids[:1, :], dtype=torch.float32).triu(1)
        decoded = self.decoder(
            input_ids,
            attention_mask=(future * torch.finfo(torch.float32).min)[None, None],
            encoder_hidden_states=encoder_hidden_states,
            use_cache=False,
        )
        return self.proj_out(decoded.last_hidden_state)
