"""Trains the experts: transformers checkpoints, and a PEFT adapter. What is there already is kept."""

import random
import shutil
import time

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model

from koine_eval.real import corpus, plan, whisper
from koine_eval.real.store import new_folder, parser, say

#: Positions of silence that a training utterance may end in: services pad to the whole window.
PADDING = (20, 50, 100, 200)
#: What a transformers folder has beside weights and config.
BESIDE = (
    "added_tokens.json merges.txt preprocessor_config.json special_tokens_map.json tokenizer.json tokenizer_config.json "
    "vocab.json"
).split()
UNLABELLED = -100


def batches(utterances, rng):
    """Endless batches of utterances of about the same length, in random order."""
    while True:
        ordered = sorted(utterances, key=lambda one: one.seconds + rng.random())
        starts = list(range(0, len(ordered) - plan.BATCH + 1, plan.BATCH))
        rng.shuffle(starts)
        for start in starts:
            yield ordered[start : start + plan.BATCH]


def loss(model, speech, batch, padding):
    """Cross entropy of the texts' tokens and of the end."""
    longest = max(one.seconds for one in batch)
    positions = min(whisper.WINDOW, int(longest * whisper.POSITIONS) + 1 + padding)
    encoded = whisper.encode(model, speech.features(batch, positions))
    rows = [speech.tokens(one) for one in batch]
    begun = len(speech.prompt(batch[0].language))
    width = max(map(len, rows))
    tokens = torch.full((len(rows), width), speech.end)
    labels = torch.full((len(rows), width), UNLABELLED)
    for number, row in enumerate(rows):
        tokens[number, : len(row)] = torch.tensor(row)
        labels[number, begun : len(row)] = torch.tensor(row[begun:])
    hidden = model.model.decoder(input_ids=tokens[:, :-1], encoder_hidden_states=encoded, use_cache=False)
    expected = labels[:, 1:]
    is_text = expected != UNLABELLED
    return F.cross_entropy(model.proj_out(hidden.last_hidden_state[is_text]), expected[is_text])


def train(store, expert, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(plan.SEED)
    rng = random.Random(plan.SEED)
    speech, model = whisper.Speech(store), whisper.load(store.model("base"))
    adapted = adapt(model, expert) if expert.rank else None
    model.train()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=expert.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, expert.factor)
    heard = [one for one in corpus.read(store, "train", expert.language) if one.seconds <= plan.LONGEST]
    drawn, losses, started = batches(heard, rng), [], time.monotonic()
    for step in range(1, expert.steps + 1):
        found = loss(model, speech, next(drawn), rng.choice(PADDING))
        optimizer.zero_grad()
        found.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(found.item())
        if step % 10 == 0 or step == expert.steps:
            recent = losses[-10:]
            seconds = time.monotonic() - started
            mean = sum(recent) / len(recent)
            say(f"train: {expert.name}: step {step} of {expert.steps}, loss {mean:.3f}, {seconds:.0f} s")
    seconds = round(time.monotonic() - started)
    trained = sum(weight.numel() for weight in weights)
    store.write("training", expert.name, {"seconds": seconds, "weights": trained, "losses": losses})
    return model.eval(), adapted


def adapt(model, expert):
    model.name_or_path = plan.BASE
    config = LoraConfig(r=expert.rank, lora_alpha=2 * expert.rank, target_modules=list(plan.ADAPTED))
    return get_peft_model(model, config)


def add_tokenizer(store, folder):
    for name in BESIDE:
        shutil.copyfile(store.model("base") / name, folder / name)


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--only", nargs="+", choices=[expert.name for expert in plan.EXPERTS])
    args = arguments.parse_args()
    store = args.cache
    for expert in plan.EXPERTS:
        target = store.model(expert.name)
        if target.exists() or (args.only and expert.name not in args.only):
            continue
        model, adapted = train(store, expert, args.threads)
        with new_folder(target) as folder:
            if adapted:
                adapted.save_pretrained(folder, save_embedding_layers=False)  # else the base's config is looked for on the Hub
            else:
                model.save_pretrained(folder)
                add_tokenizer(store, folder)


if __name__ == "__main__":
    main()
