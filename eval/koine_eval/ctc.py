"""The CTC architecture: convolutions that halve the time axis, a few transformer layers, one linear head."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from koine_eval import features, phrases

BLANK = "<blank>"
SPACE = "|"


def vocabulary():
    """Token -> id: the blank, the space, and every letter that a phrase of any language can need."""
    words = (phrases.spell((number,), language) for language in phrases.LANGUAGES for number in range(100))
    letters = sorted(set("".join(words)) - {" "})
    return {token: i for i, token in enumerate([BLANK, SPACE, *letters])}


def encode(text, vocab):
    """The label sequence of a text."""
    return [vocab[SPACE if character == " " else character] for character in text]


def decode(logits, vocab):
    """Greedy decoding of one utterance's [time, vocab] logits: best path, repeats merged, blanks dropped."""
    tokens = {i: token for token, i in vocab.items()}
    text, previous = [], BLANK
    for i in logits.argmax(-1):
        token = tokens[int(i)]
        if token not in (previous, BLANK):
            text.append(" " if token == SPACE else token)
        previous = token
    return " ".join("".join(text).split())


def side_files(vocab):
    """The JSON files that travel with the ONNX file: name -> content."""
    config = {
        "architectures": ["CtcEncoder"],
        "model_type": "ctc",
        "blank_token_id": vocab[BLANK],
        "word_delimiter_token": SPACE,
        "num_mel_bins": features.MELS,
        "sampling_rate": features.SAMPLE_RATE,
        "hop_length": features.HOP,
        "features_padding": features.PADDING,
        "time_subsampling": 2,
        "vocab_size": len(vocab),
    }
    return {"config.json": config, "vocab.json": vocab}


class Attention(nn.Module):
    """Multi-head self-attention over the whole utterance."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        batch, time, width = x.shape
        split = lambda y: y.view(batch, time, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.q_proj(x)), split(self.k_proj(x)), split(self.v_proj(x))
        weights = (q @ k.transpose(2, 3) / math.sqrt(width // self.heads)).softmax(-1)
        return self.out_proj((weights @ v).transpose(1, 2).reshape(batch, time, width))


class Layer(nn.Module):
    """A pre-norm transformer layer."""

    def __init__(self, width, heads, inner):
        super().__init__()
        self.self_attn_norm = nn.LayerNorm(width)
        self.self_attn = Attention(width, heads)
        self.mlp_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, inner)
        self.fc2 = nn.Linear(inner, width)

    def forward(self, x):
        x = x + self.self_attn(self.self_attn_norm(x))
        return x + self.fc2(F.gelu(self.fc1(self.mlp_norm(x))))


class CtcEncoder(nn.Module):
    """Features [batch, frames, mels] -> logits [batch, (frames + 1) / 2, vocab]."""

    def __init__(self, vocab_size, width=96, layers=3, heads=4, inner=256):
        super().__init__()
        self.conv1 = nn.Conv1d(features.MELS, width, 5, padding=2)
        self.conv2 = nn.Conv1d(width, width, 5, stride=2, padding=2)
        self.position = nn.Conv1d(width, width, 15, padding=7, groups=width)
        self.layers = nn.ModuleList(Layer(width, heads, inner) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, vocab_size)

    def forward(self, x):
        x = F.gelu(self.conv1(x.transpose(1, 2)))
        x = F.gelu(self.conv2(x))
        x = (x + F.gelu(self.position(x))).transpose(1, 2)
        for layer in self.layers:
            x = layer(x)
        return self.lm_head(self.norm(x))


class CtcTask:
    """What training needs to know about this architecture: the model, and its loss on a batch of utterances."""

    def __init__(self, vocab):
        self.vocab = vocab

    def new_model(self):
        return CtcEncoder(len(self.vocab))

    def loss(self, model, batch):
        frames = max(len(u.features) for u in batch)
        x = torch.full((len(batch), frames, features.MELS), features.PADDING)
        for row, u in zip(x, batch):
            row[: len(u.features)] = torch.from_numpy(u.features)
        labels = [encode(u.text, self.vocab) for u in batch]
        log_probabilities = model(x).log_softmax(-1).transpose(0, 1)
        time = torch.full((len(batch),), log_probabilities.shape[0])
        targets = torch.tensor([i for label in labels for i in label])
        lengths = torch.tensor([len(label) for label in labels])
        return F.ctc_loss(log_probabilities, targets, time, lengths, self.vocab[BLANK], "mean", zero_infinity=True)
