"""The plots of the experiment, as small PNG files."""

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402

from koine_eval.real.study import merges, plan, score, tables  # noqa: E402

WORD_ERROR_RATE = "word error rate, %"
BARS = (("base", "#999999"), ("sum", "#e69f00"), ("regmean-protect", "#0072b2"), ("own expert", "#009e73"))


def save(figure, path):
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=90, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


def languages(store, path):
    """Base, sum, the best merge and own expert, language by language: those with an expert, the protected ones, and neither."""
    chosen = [seed for seed in plan.SEEDS if all(seed in tables.seeds(store, merge) for merge in (merges.SUM, merges.PROTECT))]
    if not chosen:
        return False
    mean = lambda merge: tables.averaged([score.counts(store, merges.name_of(merge, seed), plan.LANGUAGES) for seed in chosen])
    counts = {
        "base": score.counts(store, "base", plan.LANGUAGES),
        "sum": mean(merges.SUM),
        "regmean-protect": mean(merges.PROTECT),
        "own expert": tables.averaged([tables.own(store, seed) for seed in chosen]),
    }
    figure, axis = plt.subplots(figsize=(11, 4.2))
    for number, (name, colour) in enumerate(BARS):
        places = [(place, language) for place, language in enumerate(plan.LANGUAGES) if language in counts[name]]
        heights = [tables.wer(counts[name], [language]) for _, language in places]
        axis.bar([place + 0.2 * (number - 1.5) for place, _ in places], heights, 0.2, color=colour, label=name)
    axis.set_xticks(range(len(plan.LANGUAGES)), plan.LANGUAGES)
    for edge in (len(plan.EXPERTS), len(plan.EXPERTS) + len(plan.PROTECTED)):
        axis.axvline(edge - 0.5, color="black", linewidth=0.8, linestyle=":")
    top = axis.get_ylim()[1]
    for start, name in ((0, "an expert each"), (len(plan.EXPERTS), "protected"), (len(plan.EXPERTS) + len(plan.PROTECTED), "neither")):
        axis.text(start - 0.4, 0.96 * top, name)
    axis.set_ylabel(WORD_ERROR_RATE)
    axis.legend(frameon=False, loc="center right")
    save(figure, path)
    return True


#: Per cent; a model that loops has more, and its line leaves the plot.
MOST_SHOWN = 135


def streams(store, path):
    """Every language's error in the gate's set while experts come, an axis for each order."""
    records = {f"{name}, seed {seed}": record for (name, seed), record in tables.recorded(store).items()}
    if not records:
        return False
    colours = dict(zip(plan.LANGUAGES, plt.get_cmap("tab20").colors, strict=False))
    rows = (len(records) + 1) // 2
    figure, axes = plt.subplots(rows, min(2, len(records)), figsize=(12, 4.6 * rows), sharey=True, squeeze=False)
    for spare in axes.flat[len(records) :]:
        spare.axis("off")
    for axis, (name, record) in zip(axes.flat, records.items(), strict=False):
        versions = [one for one in record["outcomes"] if not one.get("code") and one.get("gate")]
        ticks = [tables.said(one["cause"]) for one in versions]
        for language in plan.LANGUAGES:
            errors = [
                next((100 * score["after"]["error"] for score in one["gate"]["scores"] if score["language"] == language), None)
                for one in versions
            ]
            if not any(error is not None for error in errors):
                continue
            style = "-" if language in plan.EXPERTS else "--" if language in plan.PROTECTED else ":"
            axis.plot(errors, style, color=colours[language], label=language)
        refused = [one["expertId"] for one in record["outcomes"] if one.get("code")]
        axis.set_title(name + (f"; refused: {', '.join(refused)}" if refused else ""), fontsize=9)
        axis.set_xticks(range(len(ticks)), ticks, rotation=60)
        axis.grid(alpha=0.3)
        axis.set_ylim(0, MOST_SHOWN)
    axes[0][0].set_ylabel(f"{WORD_ERROR_RATE}, the gate's set")
    axes[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    save(figure, path)
    return True
