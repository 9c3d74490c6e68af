"""Whisper through transformers on as much of its window as an utterance needs: three times as fast as on all 30 s."""

import json

import soundfile
import torch
import torch.nn.functional as F
from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration, WhisperTokenizerFast
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

#: Encoder positions a second, and in the whole window.
POSITIONS, WINDOW = 50, 1500
LONGEST_TEXT = 90
#: Whether the processor has instructions for bfloat16; where it has none, PyTorch is several times slower with it than without.
HAS_BFLOAT16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def fast(enabled=True):
    """A context that computes in bfloat16 where the processor does; in float32 otherwise."""
    return torch.autocast("cpu", torch.bfloat16, enabled=enabled and HAS_BFLOAT16)


def load(folder):
    return WhisperForConditionalGeneration.from_pretrained(folder, attn_implementation="sdpa").eval()


class Speech:
    """Sound to features and texts to tokens, by the settings of the base."""

    def __init__(self, store, corpus=None):
        base = store.model("base")
        self.corpus = corpus or store.manifest.parent
        self.extractor = WhisperFeatureExtractor.from_pretrained(base)
        self.tokenizer = WhisperTokenizerFast.from_pretrained(base)
        self.generation = json.loads((base / "generation_config.json").read_text(encoding="utf-8"))
        self.end = self.generation["eos_token_id"]

    def samples(self, utterance):
        return soundfile.read(self.corpus / utterance.wav, dtype="float32")[0]

    def features(self, utterances, positions):
        """[utterances, mels, 2 * positions], silence after the end."""
        rate = self.extractor.sampling_rate
        with torch.autocast("cpu", enabled=False):  # the extractor computes with PyTorch, too, for NumPy, which has no bfloat16
            rows = [self.extractor(self.samples(one), sampling_rate=rate).input_features[0] for one in utterances]
        return torch.stack([torch.from_numpy(row[:, : 2 * positions]) for row in rows])

    def prompt(self, language):
        """What the decoder begins with: start, language, transcribe, no time stamps."""
        made = self.generation
        start, task = made["decoder_start_token_id"], made["task_to_id"]["transcribe"]
        return [start, made["lang_to_id"][f"<|{language}|>"], task, made["no_timestamps_token_id"]]

    def tokens(self, utterance):
        text = self.tokenizer(" " + utterance.text, add_special_tokens=False).input_ids[:100]
        return [*self.prompt(utterance.language), *text, self.end]

    def penalties(self, is_first):
        """What is added to the logits: nothing, or minus infinity for tokens that are not text."""
        added = torch.zeros(len(self.tokenizer))
        added[self.generation["suppress_tokens"]] = -torch.inf
        added[self.generation["decoder_start_token_id"] :] = -torch.inf
        if is_first:
            added[self.generation["begin_suppress_tokens"]] = -torch.inf
        return added


def encode(model, features):
    """The encoder's output for a part of the window: its positions are cut to it."""
    encoder = model.model.encoder
    hidden = F.gelu(encoder.conv2(F.gelu(encoder.conv1(features)))).permute(0, 2, 1)
    hidden = hidden + encoder.embed_positions.weight[: hidden.shape[1]]
    for layer in encoder.layers:
        hidden = layer(hidden, attention_mask=None, layer_head_mask=None)[0]
    return encoder.layer_norm(hidden)


@torch.inference_mode()
def transcribe(model, speech, utterances, positions, is_fast=False):
    """Greedy transcripts of utterances of one language; fast ones have the encoder compute in bfloat16 where the processor does."""
    features = speech.features(utterances, positions)
    with fast(is_fast):
        encoded = encode(model, features).float()
    tokens = torch.tensor([speech.prompt(utterances[0].language)] * len(utterances))
    cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
    texts, is_done = [[] for _ in utterances], [False] * len(utterances)
    penalties = speech.penalties(is_first=True)
    for _ in range(LONGEST_TEXT):
        hidden = model.model.decoder(
            input_ids=tokens, encoder_hidden_states=encoded, past_key_values=cache, use_cache=True
        ).last_hidden_state
        best = (model.proj_out(hidden[:, -1]) + penalties).argmax(-1)
        for number, token in enumerate(best.tolist()):
            is_done[number] = is_done[number] or token == speech.end
            if not is_done[number]:
                texts[number].append(token)
        if all(is_done):
            break
        tokens, penalties = best[:, None], speech.penalties(is_first=False)
    return speech.tokenizer.batch_decode(texts, skip_special_tokens=True)
