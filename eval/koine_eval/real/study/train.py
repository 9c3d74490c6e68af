"""Trains the experts of all seeds, and what they are compared with; each is measured in its languages. What is there is kept.

An expert is a transformers checkpoint or a PEFT adapter. Training computes in bfloat16 where the processor does (weights in float32), looks at the loss of
held-out utterances, and keeps the state that had the least.
"""

import copy
import random
import time
from dataclasses import replace

import torch
from peft import LoraConfig, get_peft_model

from koine_eval.real import plan as basis
from koine_eval.real import train as training
from koine_eval.real import whisper
from koine_eval.real.store import new_folder, parser, say
from koine_eval.real.study import plan, score, speech


class Batches:
    """Endless batches of the languages in turn; with rehearsal, some are of languages that the base speaks."""

    def __init__(self, store, trained):
        self.rng = random.Random(trained.seed)
        self.trained = trained
        heard = lambda language: self._shuffled(
            [one for one in speech.utterances(store, "train", language) if one.seconds <= basis.LONGEST]
        )
        endless = lambda languages: [training.batches(heard(language), self.rng) for language in languages]
        self.own = endless(trained.languages)
        self.known = endless((*plan.PROTECTED, *plan.UNTOUCHED)) if trained.rehearsal else []
        self.drawn = 0

    def _shuffled(self, utterances):
        """Each with another's text, where the model is to learn nothing."""
        if not self.trained.is_shuffled:
            return utterances
        texts = [one.text for one in utterances]
        self.rng.shuffle(texts)
        return [replace(one, text=text) for one, text in zip(utterances, texts, strict=True)]

    def __next__(self):
        self.drawn += 1
        if self.known and self.drawn % 4 < plan.REHEARSED:
            return next(self.rng.choice(self.known))
        return next(self.own[self.drawn % len(self.own)])


@torch.inference_mode()
def held_out_loss(model, sound, utterances):
    """Mean of the batches' losses, without silence at the end."""
    ordered = sorted(utterances, key=lambda one: (one.language, one.seconds))
    losses = []
    for start in range(0, len(ordered), basis.BATCH):
        batch = [one for one in ordered[start : start + basis.BATCH] if one.language == ordered[start].language]
        losses.append(computed(model, sound, batch, 0).item())
    return sum(losses) / len(losses)


def computed(model, sound, batch, padding):
    with whisper.fast():
        return training.loss(model, sound, batch, padding)


def state(weights):
    return [weight.detach().clone() for weight in weights]


def train(store, trained, model):
    """Trains a model where it stands; returns it, adapted if it has a rank, and what was seen."""
    torch.manual_seed(trained.seed)
    sound, drawn = speech.speech(store), Batches(store, trained)
    adapted = None
    if trained.rank:
        model.name_or_path = basis.BASE
        config = LoraConfig(r=trained.rank, lora_alpha=2 * trained.rank, target_modules=list(basis.ADAPTED))
        adapted = get_peft_model(model, config)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=trained.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)
    factor = lambda step: min(1, (step + 1) / basis.WARMUP) * (1 - (1 - basis.FINAL) * step / trained.steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    dev = [one for language in trained.languages for one in speech.utterances(store, "dev", language)]
    looks, best, kept, started = [], float("inf"), None, time.monotonic()
    for step in range(1, trained.steps + 1):
        found = computed(model.train(), sound, next(drawn), drawn.rng.choice(training.PADDING))
        optimizer.zero_grad()
        found.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        if step % plan.CHECK and step != trained.steps:
            continue
        looks.append((step, held_out_loss(model.eval(), sound, dev)))
        say(f"train: {trained.name}: step {step}, held-out loss {looks[-1][1]:.3f}, {time.monotonic() - started:.0f} s")
        if looks[-1][1] < best or not trained.stops:
            best, kept, steps = looks[-1][1], state(weights), step
        elif len(looks) - steps // plan.CHECK >= plan.PATIENCE:
            break
    with torch.no_grad():
        for weight, value in zip(weights, kept, strict=True):
            weight.copy_(value)
    seen = {"steps": steps, "losses": looks, "seconds": round(time.monotonic() - started)}
    seen["weights"] = sum(weight.numel() for weight in weights)
    return model.eval(), adapted, seen


def save(store, trained, model, adapted):
    with new_folder(store.model(f"study/{trained.name}")) as folder:
        if adapted:
            adapted.save_pretrained(folder, save_embedding_layers=False)  # else the base's config is looked for on the Hub
        else:
            model.save_pretrained(folder)
            training.add_tokenizer(store, folder)


def make(store, trained, model, most):
    """Trains, measures in its languages and saves; returns the model, its adapter merged into it."""
    model, adapted, seen = train(store, trained, model)
    save(store, trained, model, adapted)
    store.write("study/training", trained.name, seen)
    whole = copy.deepcopy(adapted).merge_and_unload().eval() if adapted else model
    score.measure(store, trained.name, whole, trained.languages, most)
    return whole


def load(store, name):
    """A trained model as a whole one, from its folder."""
    folder = store.model(f"study/{name}") if name != "base" else store.model("base")
    if not (folder / "adapter_config.json").exists():
        return whisper.load(folder)
    from peft import PeftModel

    return PeftModel.from_pretrained(whisper.load(store.model("base")), folder).merge_and_unload().eval()


def sequence(store, seed, most):
    """One full fine-tune after the other, each for as many steps as the seed's expert of that language."""
    model = whisper.load(store.model("base"))
    name = f"sequential-{seed}"
    if store.read("study/training", name):
        return
    for language in plan.EXPERTS:
        steps = store.read("study/training", plan.expert(language, seed).name)["steps"]
        model, _, seen = train(store, plan.Trained(f"{name}/{language}", (language,), seed, steps=steps, stops=False), model)
    score.measure(store, name, model, plan.LANGUAGES, most)
    store.write("study/training", name, seen)


def joint(store, seed, most):
    """All languages at once: for as many steps as the longest of the experts, and for as many as all of them together."""
    steps = [store.read("study/training", one.name)["steps"] for one in plan.experts(seed)]
    for name, most_steps in ((f"joint-equal-{seed}", max(steps)), (f"joint-full-{seed}", sum(steps))):
        if store.read("study/training", name):
            continue
        trained = plan.Trained(name, plan.EXPERTS, seed, steps=most_steps, stops=False)
        model, _, seen = train(store, trained, whisper.load(store.model("base")))
        score.measure(store, name, model, plan.LANGUAGES, most)
        store.write("study/training", name, seen)


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--seeds", nargs="+", type=int, default=plan.SEEDS)
    arguments.add_argument("--rehearsal", action="store_true", help="experts trained with rehearsal instead")
    arguments.add_argument("--languages", nargs="+", default=plan.EXPERTS, choices=plan.EXPERTS, help="whose experts")
    arguments.add_argument("--references", action="store_true", help="joint and sequential training instead")
    arguments.add_argument("--utterances", type=int, default=speech.TEST, help="how many of each language are decoded, at most")
    arguments.add_argument("--threads", type=int, default=2)
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    store = args.cache
    if not args.references:
        score.measure(store, "base", whisper.load(store.model("base")), plan.LANGUAGES, args.utterances)
    for seed in args.seeds:
        if args.references:
            joint(store, seed, args.utterances)
            sequence(store, seed, args.utterances)
            continue
        for trained in (plan.expert(language, seed, args.rehearsal) for language in args.languages):
            target = store.model(f"study/{trained.name}")
            if not target.exists():
                make(store, trained, whisper.load(store.model("base")), args.utterances)
            elif score.missing(store, trained.name, trained.languages, args.utterances):
                score.measure(store, trained.name, load(store, trained.name), trained.languages, args.utterances)


if __name__ == "__main__":
    main()
