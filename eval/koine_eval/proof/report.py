"""Writes RESULTS.md and its plots from what `merge` has measured."""

import argparse
import re
from functools import partial
from pathlib import Path
from statistics import mean

from koine_eval.proof import decode, measure, opcm, plan, plots, recipes
from koine_eval.proof import gated as gated_stream
from koine_eval.proof.merge import Store, best_scale
from koine_eval.proof.results import Results, closed, difference, error, normalised, percent, percent_error, rate, spread, worst

UNSEEN = tuple(language for language in recipes.TEN if language not in recipes.FIVE)
COLUMNS = {
    "WER": rate("transcribe", "wer"),
    "CER": rate("transcribe", "cer"),
    "translation WER": rate("translate", "wer"),
    "BLEU-2": rate("translate", "bleu"),
    "worst language": worst,
}


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def row(found, name, model, languages):
    """All figures of one model."""
    measured = partial(found.over_seeds, languages=languages)
    cells = [spread(measured(rate, model), 1 if column == "BLEU-2" else 3) for column, rate in COLUMNS.items()]
    return [name, *cells, percent(measured(normalised, model)), percent(measured(closed, model))]


HEADER = ["", *COLUMNS, "normalised", "gap closed"]


def trained(found):
    """Base, ceiling, and what else one could train."""
    names = {
        "base": "base",
        "each language's own expert": "experts",
        "multi-task": "multitask",
        "multi-task, as long as one expert": "multitask-short",
        "sequential": "sequential",
    }
    return table(HEADER, [row(found, name, model, plan.LANGUAGES) for name, model in names.items()])


def best(found, experts, method="LORS"):
    """A method at the scale that is best on dev."""
    return recipes.Merge(0, experts, method, scale=best_scale(found.store, experts, method))


def methods(found, group):
    """Every method at the scale that is best on dev, and LoRS at the published one."""
    experts = recipes.GROUPS[group]
    models = {"averaging": average(experts)}
    for method in recipes.METHODS:
        merge = best(found, experts, method)
        models[f"{method}, {merge.scale}"] = merge
    models[f"LORS, {recipes.PUBLISHED} (published)"] = recipes.Merge(0, experts, scale=recipes.PUBLISHED)
    models["OPCM"] = opcm.Opcm(0, experts)
    models["multi-task, ten languages"] = "multitask"
    return table(HEADER, [row(found, name, model, experts) for name, model in models.items()])


def against_lors(found):
    """How far each method's error is from LoRS', both at their best scale."""
    models = {method: lambda experts, method=method: best(found, experts, method) for method in recipes.METHODS}
    models |= {"averaging": average, "OPCM": lambda experts: opcm.Opcm(0, experts), "multi-task": lambda experts: "multitask"}
    cell = lambda model, experts: signed(
        found.over_seeds(difference, model(experts), best(found, experts), languages=experts)
    )
    rows = [
        [name, *(cell(model, experts) for experts in recipes.GROUPS.values())]
        for name, model in models.items()
        if name != "LORS"
    ]
    return table(["minus LoRS, percentage points", *(f"{group} experts" for group in recipes.GROUPS)], rows)


def signed(values):
    each = ", ".join(f"{100 * value:+.1f}" for value in values)
    return f"{100 * mean(values):+.1f} ({each})"


def average(experts):
    return recipes.Merge(0, experts, "TASK_ARITHMETIC", scale="1/n")


def languages(found):
    """Language by language: base, expert, multi-task, LoRS."""
    lors = best(found, recipes.TEN)
    models = {
        "base": "base",
        "its expert": "experts",
        "multi-task": "multitask",
        "sequential": "sequential",
        f"LoRS, ten at {lors.scale}": lors,
    }
    cell = lambda model, language: " / ".join(
        f"{mean(found.over_seeds(rate(task, 'wer'), model, languages=[language])):.2f}" for task in ("transcribe", "translate")
    )
    rows = [[language, *(cell(model, language) for model in models.values())] for language in plan.LANGUAGES]
    return table(["language", *models], rows)


def growth(found):
    """Scale policies of LoRS for the first experts of a stream: error of the languages inside, and of all ten."""
    order, rows = recipes.ORDERS[0], []
    for policy in recipes.SCALE_POLICIES:
        versions = [(count, recipes.stream(0, order, count, policy)) for count in recipes.FEW]
        cell = lambda version, some: f"{percent_error(found, version, some):.1f}"
        rows.append([policy, *(f"{cell(version, order[:n])} / {cell(version, order)}" for n, version in versions)])
    return table(["scale", *(f"{count} inside" for count in recipes.FEW)], rows)


def error_cell(found, model, some):
    return spread([100 * one for one in found.over_seeds(error, model, languages=some)], 1)


def five_and_ten(found):
    """Scale policies where five and ten are merged, with the scale that a search on dev finds."""
    rows = []
    of = lambda policy: lambda experts: recipes.Merge(0, experts, scale=policy)
    choices = {policy: of(policy) for policy in recipes.SCALE_POLICIES}
    choices |= {"search on dev": lambda experts: best(found, experts), "TIES, norm": lambda experts: recipes.ties(0, experts)}
    for name, choose in choices.items():
        cells = []
        for experts in recipes.GROUPS.values():
            cells += [spread(found.over_seeds(one, choose(experts), languages=experts)) for one in (error, worst)]
        rows.append([name, *cells])
    return table(["scale", "five: error", "five: worst language", "ten: error", "ten: worst language"], rows)


def streams(found):
    """Mean error over the languages inside and the others, version by version, in each order."""
    rows = []
    for i, (order, counts) in enumerate(zip(recipes.ORDERS, recipes.COUNTS), 1):
        for count in (0, *counts):
            version = recipes.stream(0, order, count) if count else "base"
            cell = lambda some: error_cell(found, version, some) if some else ""
            rows.append([
                i, count, " ".join(order[:count]) or "base", cell(order[:count]), cell(order[count:]), cell(order)
            ])
    return table(["order", "experts", "inside", "languages inside", "languages outside", "all ten"], rows)


def retractions(found):
    """A language before it joins, with all ten inside, and after it is retracted; and what that does to the others."""
    ten, rows = recipes.stream(0, recipes.TEN, len(recipes.TEN)), []
    cell = partial(error_cell, found)
    for language in recipes.RETRACTED:
        others = [other for other in plan.LANGUAGES if other != language]
        after = recipes.without(0, language)
        rows.append([
            language, cell("base", [language]), cell(ten, [language]), cell(after, [language]),
            cell(ten, others), cell(after, others),
        ])
    return table(
        ["retracted", "its error: base", "with ten", "after retraction", "the others': with ten", "after retraction"], rows
    )


def bad_expert(found):
    """The stream with a bad expert in it."""
    rows = []
    for count in range(recipes.BAD_AFTER, len(recipes.TEN) + 1):
        good, bad = recipes.stream(0, recipes.ORDERS[0], count), recipes.with_bad(0, count)
        rows.append([count, *(error_cell(found, model, plan.LANGUAGES) for model in (good, bad))])
    return table(["good experts inside", "without the bad one", "with it"], rows)


#: A line of what `koine submit` prints of a language inside, or of their mean: growth as measured, at least, at most.
GROWTH = re.compile(r"^ +(\S+) .* ([-+][0-9.]+) +([-+][0-9.]+) to ([-+][0-9.]+) +inside$", re.MULTILINE)
#: The stream that is told in full.
DEFAULT = list(gated_stream.POLICIES)[-1]


def verdicts(seen):
    """Who was refused, by policy and seed."""
    rows = []
    for policy in gated_stream.POLICIES:
        refused = [
            [one["expert"] for one in streams[policy]["outcomes"] if "GATE_REFUSED" in one["printed"]]
            for streams in seen.values()
        ]
        rows.append([policy, *(" ".join(some) or "none" for some in refused)])
    return table(["policy", *(f"seed {seed}" for seed in seen)], rows)


def margins(seen):
    """What each expert costs the languages inside, as the gate hears it: measured, and at least."""
    rows = []
    for events in zip(*(streams[DEFAULT]["outcomes"] for streams in seen.values()), strict=True):
        rows.append([events[0]["expert"], *(cell for one in events for cell in growths(one["printed"]))])
    return table(["expert", *(f"seed {seed}: {what}" for seed in seen for what in ("worst", "mean"))], rows)


def held_out(found):
    """What the good experts of the first stream, and the bad one, cost the languages inside on test speech."""
    order, at = recipes.ORDERS[0], recipes.BAD_AFTER
    version = lambda count: recipes.stream(0, order, count)
    good = [found.over_seeds(costs, version(n), version(n - 1), languages=order[: n - 1]) for n in range(2, len(order) + 1)]
    bad = found.over_seeds(costs, recipes.with_bad(0, at), version(at), languages=order[:at])
    rows = []
    for seed, goods, grown in zip(found.seeds, zip(*good, strict=True), bad, strict=True):
        figures = max(map(max, goods)), max(map(mean, goods)), max(grown), mean(grown)
        rows.append([seed, *(f"{figure:+.1f}" for figure in figures)])
    return table(["seed", "good: worst language", "good: worst mean", "bad: worst language", "bad: mean"], rows)


def costs(after, before, languages):
    """How much the word error rate of transcription and 100 - BLEU-2 of translation grow, in percentage points."""
    heard = [100 * (after.scores[l]["transcribe"]["wer"] - before.scores[l]["transcribe"]["wer"]) for l in languages]
    return heard + [before.scores[l]["translate"]["bleu"] - after.scores[l]["translate"]["bleu"] for l in languages]


def growths(printed):
    """The largest growth of a language and the mean one, each with the largest lower bound."""
    grown = [(name, float(measured), float(least)) for name, measured, least, _ in GROWTH.findall(printed)]
    if not grown:
        return "", ""
    each = [(measured, least) for name, measured, least in grown if name != "mean"]
    largest = max(measured for measured, _ in each), max(least for _, least in each)
    inside = next((measured, least) for name, measured, least in grown if name == "mean")
    return tuple(f"{measured:+.1f} / {least:+.1f}" for measured, least in (largest, inside))


def evaluation_seconds(seen):
    """What each evaluation took."""
    printed = "".join(one["printed"] for streams in seen.values() for one in streams[DEFAULT]["outcomes"])
    return [float(seconds) for seconds in re.findall(r"evaluated in ([0-9.]+) s", printed)]


def gated_ending(seen):
    """Whether the last version of each stream is what `koine merge` makes of the experts that passed."""
    ends = [stream for streams in seen.values() for stream in streams.values()]
    last = lambda stream: [one["printed"] for one in stream["outcomes"] if "GATE_REFUSED" not in one["printed"]][-1]
    return "bit for bit the model" if all(stream["merged"] in last(stream) for stream in ends) else "NOT the model"


def unseen(found):
    """Languages of the other group before and after five experts are merged, and with their own experts."""
    lors = best(found, recipes.FIVE)
    models = {
        "base": "base",
        f"five merged, {lors.scale}": lors,
        f"five merged, {recipes.SCALE}": recipes.Merge(0, recipes.FIVE, scale=recipes.SCALE),
        f"ten merged, {recipes.SCALE}": recipes.Merge(0, recipes.TEN, scale=recipes.SCALE),
        "its expert": "experts",
    }
    cell = lambda model, some: spread(found.over_seeds(error, model, languages=some))
    rows = [[language, *(cell(model, [language]) for model in models.values())] for language in UNSEEN]
    rows.append(["mean of the five unseen", *(cell(model, UNSEEN) for model in models.values())])
    rows.append(["mean of the five merged", *(cell(model, recipes.FIVE) for model in models.values())])
    return table(["", *models], rows)


def float16_bytes(store):
    """The bytes of a model's float tensors in float16."""
    tensors = decode.initializers(store.bundle(plan.SEEDS[0], "base")).values()
    return 2 * sum(array.size for array in tensors if array.dtype.kind == "f")


def parameters(store):
    tensors = decode.initializers(store.bundle(plan.SEEDS[0], "base"))
    return sum(array.size for array in tensors.values() if array.dtype.kind == "f")


def family(merge):
    """What a size is grouped under in the plot."""
    if merge.precision == "INT4" and not merge.density:
        return "low-rank alone, int4" + ("" if merge.rest == "DENSE" else ", rest too")
    if merge.rest != "DENSE":
        return f"rest {merge.rest.lower()}"
    if merge.precision != "FLOAT16":
        return "rank 7, float32, int8, int4"
    if not merge.density:
        return "low-rank alone"
    return "rank 7 and sparse" if merge.rank else "sparse alone"


def sizes(found, whole):
    """Settings by size, with the error that each costs against whole task vectors."""
    rows = []
    for merge in sorted(recipes.sizes(0), key=found.bytes):
        rows.append([
            merge.rank, f"{100 * merge.density:g} %", merge.precision.lower(), merge.rest.lower(),
            f"{found.bytes(merge) / 1000:.0f}", f"{100 * found.bytes(merge) / whole:.1f} %",
            error_cell(found, merge, plan.LANGUAGES),
            signed(found.over_seeds(difference, merge, recipes.whole(0))),
        ])
    return table(["rank", "density", "values", "rest", "kB", "of float16", "error", "minus whole"], rows)


def check(found):
    """How many texts differ between ONNX Runtime, one utterance at a time, and the batched decoder."""
    store, seed = found.store, found.seeds[0]
    counts = [
        decode.check(store.bundle(seed, name), store.layout(seed), measure.speech(store.corpus, "test")[language])
        for name, language in (("base", "ca"), ("base", "ru"), ("de", "de"), ("multitask", "id"))
    ]
    return f"{sum(differ for differ, _ in counts)} of {sum(total for _, total in counts)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder with corpus/ and proof/")
    parser.add_argument("--seeds", type=int, nargs="+", default=plan.SEEDS)
    parser.add_argument("--out", type=Path, required=True, help="the Markdown file to write; plots go into plots/ beside it")
    args = parser.parse_args()
    store = Store(args.cache)
    found = Results(store, args.seeds)
    seen = {seed: gated_stream.read(store, seed) for seed in args.seeds}
    whole = float16_bytes(store)
    folder = args.out.parent / "plots"
    plots.methods(Results(store, [recipes.CHOSEN_ON]), folder / "scales.png")
    plots.streams(found, folder / "streams.png")
    plots.bad_expert(found, folder / "bad-expert.png")
    plots.sizes(found, [(family(merge), merge) for merge in recipes.sizes(0)], whole, folder / "sizes.png")
    template = Path(__file__).with_name("RESULTS.template.md").read_text(encoding="utf-8")
    text = template.format(
        seeds=", ".join(map(str, args.seeds)),
        parameters=f"{parameters(store) / 1e6:.2f}",
        whole=f"{whole / 1e6:.2f}",
        plan=plan,
        recipes=recipes,
        utterances=measure.UTTERANCES,
        check=check(found),
        trained=trained(found),
        five=methods(found, "five"),
        ten=methods(found, "ten"),
        against_lors=against_lors(found),
        languages=languages(found),
        five_and_ten=five_and_ten(found),
        growth=growth(found),
        streams=streams(found),
        retractions=retractions(found),
        bad_expert=bad_expert(found),
        verdicts=verdicts(seen),
        margins=margins(seen),
        held_out=held_out(found),
        gated_ending=gated_ending(seen),
        policies=" and ".join(f"`{words}`" for words in gated_stream.POLICIES.values()),
        seconds=f"{mean(evaluation_seconds(seen)):.1f}",
        sample=gated_stream.SAMPLE,
        unseen=unseen(found),
        whole_error=error_cell(found, recipes.whole(0), plan.LANGUAGES),
        sizes=sizes(found, whole),
    )
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
