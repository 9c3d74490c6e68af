"""Trains a base on many languages, or an expert from a base, whatever the architecture."""

import random
import time
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: linear warm-up, then a linear decay to `final` times the peak learning rate."""

    steps: int
    learning_rate: float
    warmup: int = 50
    final: float = 1.0
    batch: int = 32
    #: During the first `easy_steps` steps only the shortest fifth of the utterances is used.
    easy_steps: int = 0

    def factor(self, step):
        if step < self.warmup:
            return (step + 1) / self.warmup
        progress = (step - self.warmup) / max(1, self.steps - self.warmup)
        return 1 + (self.final - 1) * progress


def batches(utterances, size, rng):
    """Endless batches of utterances of about the same length, in random order."""
    while True:
        shuffled = sorted(utterances, key=lambda u: len(u.features) + rng.randrange(20))
        starts = list(range(0, len(shuffled) - size + 1, size))
        rng.shuffle(starts)
        for start in starts:
            yield shuffled[start : start + size]


def train(task, model, utterances, schedule, seed, snapshots=(), report=print):
    """Trains `model` in place; returns {step: state dict} for each step in `snapshots`."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    easy = sorted(utterances, key=lambda u: len(u.features))[: max(schedule.batch, len(utterances) // 5)]
    easy_batches, all_batches = batches(easy, schedule.batch, rng), batches(utterances, schedule.batch, rng)
    optimizer = torch.optim.AdamW(model.parameters(), lr=schedule.learning_rate, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule.factor)
    model.train()
    kept, losses, started = {}, [], time.monotonic()
    for step in range(1, schedule.steps + 1):
        loss = task.loss(model, next(easy_batches if step <= schedule.easy_steps else all_batches))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
        if step in snapshots:
            kept[step] = {name: value.clone() for name, value in model.state_dict().items()}
        if step % 100 == 0 or step == schedule.steps:
            recent = losses[-100:]
            report(f"step {step} loss {sum(recent) / len(recent):.3f} after {time.monotonic() - started:.0f} s")
    model.eval()
    return kept
