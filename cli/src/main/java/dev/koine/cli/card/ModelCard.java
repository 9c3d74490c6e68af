package dev.koine.cli.card;

import dev.koine.events.MergedExperts;
import dev.koine.schemas.Cause;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Recipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The card of a version: Markdown, with metadata as the Hugging Face Hub reads it. A pure function of updates, all of which may come
 * from anybody: nothing in them can be more than text here.
 */
public final class ModelCard {
    private final ModelUpdate version;
    private final @Nullable ModelUpdate first;
    private final StringBuilder card = new StringBuilder();

    private ModelCard(ModelUpdate version, @Nullable ModelUpdate first) {
        this.version = version;
        this.first = first;
    }

    /**
     * Writes the card of a version.
     *
     * @param first version 0, for the error rates of the base and its digest; null if it is not known
     * @param baseModel the base on the Hub, such as {@code openai/whisper-small}; null if it is not known
     */
    public static String of(ModelUpdate version, @Nullable ModelUpdate first, @Nullable String baseModel) {
        ModelCard card = new ModelCard(version, first);
        card.card.append(CardMetadata.of(version, baseModel)).append('\n');
        card.title();
        card.languages();
        card.experts();
        card.recipe();
        card.gate();
        card.origin();
        return card.card.toString();
    }

    private void title() {
        add("# " + Markdown.text(version.getModelId()) + ", version " + version.getVersion() + "\n\n");
        long experts = version.getExperts().stream()
                .filter(expert -> !MergedExperts.isProtection(expert))
                .count();
        add(
                "A multilingual speech model that grows by experts, kept by Koine: one base model and the pruned task vectors of "
                        + experts + " language experts,\n\n"
                        + "    merged = base + scale * sum over experts e of weight(e) * prune(expert(e) - base)\n\n");
        if (version.getExperts().stream().anyMatch(expert -> expert.getStatisticsDigest() != null)) {
            add(
                    "Matrices that multiply a layer's input are weighed by the statistics of the languages below instead of the scale (RegMean, arXiv"
                            + " 2212.09849); the scale is that of everything else.\n\n");
        }
    }

    private void languages() {
        add("## Languages\n\n");
        @Nullable GateReport report = version.getGate();
        if (report == null) {
            String inside =
                    CardMetadata.languages(version).stream().map(Markdown::text).collect(Collectors.joining(", "));
            add("Not evaluated: the model is registered without evaluation sets."
                    + (inside.isEmpty() ? "" : " Its experts, and what is protected, speak " + inside + ".") + "\n\n");
            return;
        }
        List<String> yardsticks = YardstickTexts.names(report);
        List<String> columns = new ArrayList<>(
                List.of("language", "task", "measure", "base", "version before", "this version", "change"));
        yardsticks.forEach(name -> columns.add("against " + Markdown.text(YardstickTexts.name(name))));
        add(Markdown.head(columns.toArray(String[]::new)));
        Map<String, Measures> base = base();
        for (LanguageScore score : report.getScores()) {
            boolean translates = score.getTask().equals("TRANSLATE");
            List<String> cells = new ArrayList<>(List.of(
                    Markdown.text(score.getLanguage()),
                    Markdown.text(score.getTask().toLowerCase(Locale.ROOT)),
                    translates ? "BLEU" : "word error rate",
                    shown(base.get(key(score)), translates),
                    shown(score.getBefore(), translates),
                    shown(score.getAfter(), translates),
                    change(score, translates)));
            yardsticks.forEach(name -> cells.add(YardstickTexts.cell(score, name, translates)));
            add(Markdown.row(cells));
        }
        add("\nMeasured on "
                + report.getScores().stream()
                        .mapToInt(score -> score.getAfter().getUtterances())
                        .sum() + " held-out utterances, decoded greedily."
                + (report.getPolicy().getConfidence() == 0
                        ? ""
                        : " In brackets: what the change is at least and at most, each with "
                                + Rates.percent(report.getPolicy().getConfidence()) + " confidence (paired bootstrap).")
                + "\n\n");
    }

    private Map<String, Measures> base() {
        Map<String, Measures> base = new TreeMap<>();
        if (first != null && first.getGate() != null) {
            first.getGate().getScores().forEach(score -> base.put(key(score), score.getAfter()));
        }
        return base;
    }

    private static String key(LanguageScore score) {
        return score.getTask() + " " + score.getLanguage();
    }

    private static String shown(@Nullable Measures measures, boolean translates) {
        if (measures == null) {
            return "";
        }
        if (measures.getError() == null) {
            return "failed";
        }
        @Nullable Double bleu = measures.getBleu();
        return translates && bleu != null
                ? String.format(Locale.ROOT, "%.1f", bleu)
                : Rates.percent(measures.getError());
    }

    private static String change(LanguageScore score, boolean translates) {
        @Nullable Measures before = score.getBefore();
        if (before == null || before.getError() == null || score.getAfter().getError() == null) {
            return "";
        }
        double growth = score.getAfter().getError() - before.getError();
        @Nullable Interval interval = score.getGrowth();
        if (interval == null) {
            return Rates.points(translates ? -growth : growth);
        }
        Interval shown = translates ? new Interval(-interval.getHigh(), -interval.getLow()) : interval;
        return Rates.points(translates ? -growth : growth) + " (" + Rates.points(shown) + ")";
    }

    private void experts() {
        add("## Experts inside\n\n");
        if (version.getExperts().isEmpty()) {
            add("None: this is the base model.\n\n");
            return;
        }
        add(Markdown.head("expert", "revision", "languages", "tasks", "weight", "made from", "task vector"));
        for (MergedExpert expert : version.getExperts()) {
            add(Markdown.row(List.of(
                    Markdown.text(expert.getExpertId()),
                    Long.toString(expert.getRevision()),
                    Markdown.text(String.join(" ", expert.getLanguages())),
                    Markdown.text(String.join(" ", expert.getTasks()).toLowerCase(Locale.ROOT)),
                    Rates.number(expert.getWeight()),
                    madeFrom(expert),
                    Markdown.code(expert.getTaskVectorDigest()))));
        }
        add("\n");
    }

    private static String madeFrom(MergedExpert expert) {
        @Nullable String statistics = expert.getStatisticsDigest();
        String weighed = statistics == null ? "" : ", weighed by statistics " + Markdown.code(statistics);
        if (MergedExperts.isProtection(expert)) {
            return "nothing: a language that is protected" + weighed;
        }
        return (expert.getCombine().isEmpty()
                        ? Markdown.code(expert.getBundleDigest())
                        : Markdown.text(Combinations.sum(expert.getCombine())))
                + weighed;
    }

    private void recipe() {
        Recipe recipe = version.getRecipe();
        add("## Recipe\n\n" + Markdown.head("setting", "value"));
        setting("method", Markdown.text(recipe.getMethod()));
        setting("rank", Integer.toString(recipe.getRank()));
        setting("density", Rates.number(recipe.getDensity()));
        setting("precision", Markdown.text(recipe.getPrecision()));
        @Nullable Double limit = recipe.getScaleLimit();
        setting(
                "scaling",
                Markdown.text(recipe.getScaling()) + ", " + Rates.number(recipe.getScale())
                        + (limit == null ? "" : ", at most " + Rates.number(limit)));
        if (version.getScale() != null) {
            setting("scale in this version", Rates.number(version.getScale()));
        }
        if (version.getScalesDigest() != null) {
            setting("scales of the weights", Markdown.code(version.getScalesDigest()));
        }
        @Nullable Double share = version.getUpdateShare();
        if (share != null) {
            setting("share of the update that arrives in float16 or bfloat16", UpdateShares.percent(share));
        }
        if (recipe.getSeed() != 0) {
            setting("seed", Long.toString(recipe.getSeed()));
        }
        if (recipe.getSlack() != 0) {
            setting("slack", Rates.number(recipe.getSlack()));
        }
        recipe.getRules()
                .forEach(rule -> setting("rule " + Markdown.code(rule.getPattern()), Markdown.text(rule.getPolicy())));
        add("\n");
        UpdateShares.warning(share).ifPresent(warning -> add(Markdown.text(warning) + "\n\n"));
    }

    private void setting(String name, String value) {
        add(Markdown.row(List.of(name, value)));
    }

    private void gate() {
        @Nullable GateReport report = version.getGate();
        if (report == null) {
            return;
        }
        GatePolicy policy = report.getPolicy();
        add("## Gate\n\n");
        add((report.getPassed() ? "Passed" : "Not passed") + ", mode "
                + Markdown.text(policy.getMode().toLowerCase(Locale.ROOT)) + ".\n\n");
        report.getReasons().forEach(reason -> add("- " + Markdown.text(reason) + "\n"));
        add((report.getReasons().isEmpty() ? "" : "\n") + Markdown.head("setting", "value"));
        setting("most regression of a language", Rates.points(policy.getMaxRegression()) + " points");
        setting("most regression of the mean", Rates.points(policy.getMaxMeanRegression()) + " points");
        setting("least gain of a new expert", Rates.points(policy.getMinGain()) + " points");
        setting(
                "confidence that a limit is broken",
                policy.getConfidence() == 0 ? "as measured" : Rates.percent(policy.getConfidence()));
        if (!policy.getAgainst().isEmpty()) {
            String names =
                    policy.getAgainst().stream().map(YardstickTexts::name).collect(Collectors.joining(" "));
            setting("held against the version before and", Markdown.text(names));
            setting("most decline against these", Rates.points(policy.getMaxDecline()) + " points");
        }
        setting("guarded languages", Markdown.text(String.join(" ", policy.getGuarded())));
        setting(
                "utterances a language and task",
                "at most " + policy.getSample() + ", drawn with seed " + policy.getSeed());
        report.getEvaluationSets().forEach(set -> setting("evaluation set", Markdown.code(set)));
        report.getScaleTrials()
                .forEach(trial -> setting(
                        "mean error at scale " + Rates.number(trial.getScale()),
                        trial.getError() == null ? "failed" : Rates.percent(trial.getError())));
        setting("time to make", Rates.seconds(report.getMergeMillis()));
        setting("time to evaluate", Rates.seconds(report.getEvaluationMillis()));
        add("\n");
    }

    private void origin() {
        Cause cause = version.getCause();
        add("## How it came about, and how to make it again\n\n");
        add("- Change: " + Markdown.text(Changes.of(cause)) + ", by the event at "
                + Markdown.text(cause.getPosition().getTopic()) + ", partition "
                + cause.getPosition().getPartition() + ", offset "
                + cause.getPosition().getOffset() + ".\n");
        add("- Made: " + version.getTime()
                + (version.getParent() == null ? "" : ", after version " + version.getParent()) + ".\n");
        add("- Digest of the bundle without this card: " + Markdown.code(version.getDigest()) + ".\n");
        if (first != null) {
            add("- Digest of the base: " + Markdown.code(first.getDigest()) + ".\n");
        }
        add(
                "\nThe digest is a function of base, experts, their statistics where it has any, recipe and scale alone. `koine verify --store STORE` makes every"
                        + " version again from what the store keeps and compares; `koine merge` does so from the folders of experts and statistics.\n");
    }

    private void add(String text) {
        card.append(text);
    }
}
