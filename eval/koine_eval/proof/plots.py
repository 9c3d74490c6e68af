"""The plots of the proof, as small PNG files."""

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402

from koine_eval.proof import plan, recipes  # noqa: E402
from koine_eval.proof.results import percent_error  # noqa: E402

COLOURS = dict(zip(plan.LANGUAGES, plt.get_cmap("tab10").colors))
WORD_ERROR_RATE = "word error rate, both tasks, %"


def save(figure, path):
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=90, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


def streams(found, path):
    """Every language's error while ten experts stream in, in three orders."""
    figure, axes = plt.subplots(1, len(recipes.ORDERS), figsize=(13, 4.6), sharey=True)
    for axis, order, counts in zip(axes, recipes.ORDERS, recipes.COUNTS):
        counts = (0, *counts)
        versions = [recipes.stream(0, order, count) if count else "base" for count in counts]
        for language in plan.LANGUAGES:
            errors = [percent_error(found, version, [language]) for version in versions]
            joined = next(i for i, count in enumerate(counts) if count > order.index(language))
            axis.plot(counts[: joined + 1], errors[: joined + 1], color=COLOURS[language], alpha=0.35, linewidth=1)
            axis.plot(counts[joined:], errors[joined:], color=COLOURS[language], linewidth=2, label=language)
            axis.plot(counts[joined], errors[joined], "o", color=COLOURS[language], markersize=6)
        errors = [percent_error(found, version, plan.LANGUAGES) for version in versions]
        axis.plot(counts, errors, color="black", linewidth=2.5, linestyle="--", label="mean")
        axis.set_xticks(range(len(order) + 1), ["base", *(f"+{language}" for language in order)], rotation=60)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(WORD_ERROR_RATE)
    axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    save(figure, path)


def bad_expert(found, path):
    """Mean error with a bad expert in the stream, and without."""
    figure, axis = plt.subplots(figsize=(6.5, 4))
    order = recipes.ORDERS[0]
    counts = range(1, len(order) + 1)
    good = [percent_error(found, recipes.stream(0, order, count), plan.LANGUAGES) for count in counts]
    bad = [percent_error(found, recipes.with_bad(0, count), plan.LANGUAGES) for count in counts[recipes.BAD_AFTER - 1 :]]
    axis.plot(counts, good, marker="o", label="without the bad expert")
    axis.plot(counts[recipes.BAD_AFTER - 1 :], bad, marker="o", color="tab:red", label="with it")
    axis.axhline(percent_error(found, "base", plan.LANGUAGES), color="black", linestyle=":", label="base")
    axis.set_xlabel(f"good experts merged; the bad one comes after {recipes.BAD_AFTER}")
    axis.set_ylabel(WORD_ERROR_RATE)
    axis.set_ylim(bottom=25)
    axis.grid(alpha=0.3)
    axis.legend(frameon=False)
    save(figure, path)


def sizes(found, settings, whole, path):
    """Error against the bytes of a task vector; settings: (label of the family, Merge)."""
    figure, axis = plt.subplots(figsize=(8, 4.6))
    families = {}
    for family, merge in settings:
        families.setdefault(family, []).append(
            (100 * found.bytes(merge) / whole, percent_error(found, merge, plan.LANGUAGES))
        )
    for (family, points), marker in zip(families.items(), "os^vDPX*hp"):
        axis.plot(*zip(*sorted(points)), marker=marker, markersize=6, linewidth=0, alpha=0.85, label=family)
    axis.axvline(5, color="grey", linestyle="--", linewidth=1)
    axis.text(5.1, axis.get_ylim()[1], "5 %", va="top", color="grey")
    for name, model, style in (("base", "base", ":"), ("whole task vectors", recipes.whole(0), "--")):
        axis.axhline(percent_error(found, model, plan.LANGUAGES), color="black", linestyle=style, linewidth=1, label=name)
    axis.set_xscale("log")
    ticks = (2, 5, 10, 20, 50, 100)
    axis.set_xticks(ticks, map(str, ticks))
    axis.minorticks_off()
    axis.set_xlabel("one task vector, % of the model in float16")
    axis.set_ylabel(WORD_ERROR_RATE)
    axis.grid(alpha=0.3)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    save(figure, path)


def methods(found, path):
    """Mean error of every method over scales, on dev."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    on_dev = lambda model, experts: percent_error(found, model, experts, split="dev")
    for axis, (group, experts) in zip(axes, recipes.GROUPS.items()):
        for (method, scales), marker in zip(recipes.METHODS.items(), "osD^vP"):
            errors = [on_dev(recipes.Merge(0, experts, method, scale=scale), experts) for scale in scales]
            axis.plot([float(scale) for scale in scales], errors, marker=marker, markersize=5, label=method)
        axis.axhline(on_dev("base", experts), color="black", linestyle=":", label="base")
        axis.set_title(f"{group} experts")
        axis.set_xlabel("scale")
        axis.set_xscale("log")
        ticks = (0.05, 0.1, 0.2, 0.5, 1)
        axis.set_xticks(ticks, map(str, ticks))
        axis.minorticks_off()
        axis.set_ylim(10, 60)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(WORD_ERROR_RATE + " (dev)")
    axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    save(figure, path)
