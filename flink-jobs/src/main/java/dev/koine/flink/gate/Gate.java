package dev.koine.flink.gate;

import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compares a candidate with its parent on the evaluation sets. The candidate holds a policy if
 *
 * <ul>
 *   <li>no error of a language that is {@link Standing#INSIDE} grows by more than {@code maxRegression}, for each task,
 *   <li>their mean does not grow by more than {@code maxMeanRegression},
 *   <li>the mean error of the languages that are {@link Standing#NEW} falls by {@code minGain} at least,
 *   <li>each of these could be measured, where the parent could: a failure, such as NaN logits, is no score,
 *   <li>and at least one language of an expert that comes in was measured.
 * </ul>
 *
 * What the parent failed on is no regression of a candidate that fails on it, too; for a new language it is a failure still.
 */
public final class Gate {
    /** Differences of rates that are decimal fractions come out a little off. */
    private static final double ROUNDING = 1e-9;

    private static final int MOST_REASONS = 20;

    private final GatePolicy policy;
    private final Standings standings;

    public Gate(GatePolicy policy, Standings standings) {
        this.policy = policy;
        this.standings = standings;
    }

    /** A sentence, and how much it weighs. */
    private record Reason(double weight, String sentence) {}

    /** Judges a candidate by its scores, each with its standing and, where there is a parent, what that had. */
    public Verdict judge(List<LanguageScore> scores) {
        List<Reason> reasons = new ArrayList<>();
        for (LanguageScore score : scores) {
            judgeFailure(score, reasons);
            judgeRegression(score, reasons);
        }
        judgeMeans(scores, reasons);
        judgeCoverage(scores, reasons);
        List<String> sentences = reasons.stream()
                .sorted(Comparator.comparingDouble(Reason::weight).reversed())
                .map(Reason::sentence)
                .toList();
        return new Verdict(
                sentences.size() <= MOST_REASONS
                        ? sentences
                        : Stream.concat(
                                        sentences.stream().limit(MOST_REASONS),
                                        Stream.of("And " + (sentences.size() - MOST_REASONS) + " more."))
                                .toList());
    }

    /**
     * The mean error of those scores that the gate judges, or of all where it judges none; what a search for a scale makes small.
     *
     * @return empty if one of them failed
     */
    public static OptionalDouble meanError(List<LanguageScore> scores) {
        List<LanguageScore> judged =
                scores.stream().filter(score -> !is(score, Standing.OTHER)).toList();
        List<LanguageScore> counted = judged.isEmpty() ? scores : judged;
        return counted.stream().anyMatch(score -> score.getAfter().getError() == null)
                ? OptionalDouble.empty()
                : counted.stream()
                        .mapToDouble(score -> score.getAfter().getError())
                        .average();
    }

    private static void judgeFailure(LanguageScore score, List<Reason> reasons) {
        boolean isNew = is(score, Standing.NEW);
        boolean isFailure = score.getAfter().getError() == null && (isNew || !failed(score.getBefore()));
        if (isFailure && !is(score, Standing.OTHER)) {
            reasons.add(new Reason(
                    Double.POSITIVE_INFINITY,
                    "The evaluation of " + name(score) + " failed: "
                            + score.getAfter().getFailure()));
        }
    }

    private void judgeRegression(LanguageScore score, List<Reason> reasons) {
        if (!is(score, Standing.INSIDE) || !isCompared(score)) {
            return;
        }
        double growth = -gain(score);
        if (growth > policy.getMaxRegression() + ROUNDING) {
            reasons.add(new Reason(
                    growth,
                    String.format(
                            Locale.ROOT,
                            "The %s of %s, which is inside, grows from %s to %s; at most %s are allowed.",
                            score.getTask().equals("TRANSLATE") ? "error (1 - BLEU / 100)" : "word error rate",
                            name(score),
                            percent(score.getBefore().getError()),
                            percent(score.getAfter().getError()),
                            points(policy.getMaxRegression()))));
        }
    }

    private void judgeMeans(List<LanguageScore> scores, List<Reason> reasons) {
        OptionalDouble inside = meanGain(scores, Standing.INSIDE);
        if (inside.isPresent() && -inside.getAsDouble() > policy.getMaxMeanRegression() + ROUNDING) {
            reasons.add(new Reason(
                    -inside.getAsDouble(),
                    "The mean error of the languages that are inside grows by " + points(-inside.getAsDouble())
                            + "; at most " + points(policy.getMaxMeanRegression()) + " are allowed."));
        }
        OptionalDouble added = meanGain(scores, Standing.NEW);
        if (added.isPresent() && added.getAsDouble() < policy.getMinGain() - ROUNDING) {
            double gain = added.getAsDouble();
            reasons.add(new Reason(
                    policy.getMinGain() - gain,
                    "The mean error of the expert's own languages " + (gain < 0 ? "grows by " : "falls by ")
                            + points(Math.abs(gain))
                            + (policy.getMinGain() > 0
                                    ? "; it has to fall by " + points(policy.getMinGain()) + " at least."
                                    : "; at most " + points(0 - policy.getMinGain()) + " are allowed.")));
        }
    }

    private void judgeCoverage(List<LanguageScore> scores, List<Reason> reasons) {
        boolean isMeasured = scores.stream()
                .map(score -> Languages.primary(score.getLanguage()))
                .anyMatch(standings.incoming()::contains);
        if (standings.comesIn() && !isMeasured) {
            reasons.add(new Reason(
                    0,
                    standings.incoming().isEmpty()
                            ? "The expert names no language, so what it gains cannot be measured."
                            : "No evaluation set has speech in "
                                    + String.join(", ", new TreeSet<>(standings.incoming()))
                                    + ", so what the expert gains cannot be measured."));
        }
    }

    private static OptionalDouble meanGain(List<LanguageScore> scores, Standing standing) {
        return scores.stream()
                .filter(score -> is(score, standing) && isCompared(score))
                .mapToDouble(Gate::gain)
                .average();
    }

    private static double gain(LanguageScore score) {
        return score.getBefore().getError() - score.getAfter().getError();
    }

    private static boolean isCompared(LanguageScore score) {
        return score.getBefore() != null && !failed(score.getBefore()) && !failed(score.getAfter());
    }

    private static boolean failed(@Nullable Measures measures) {
        return measures != null && measures.getError() == null;
    }

    private static boolean is(LanguageScore score, Standing standing) {
        return score.getStanding().equals(standing.name());
    }

    private static String name(LanguageScore score) {
        return score.getLanguage() + " (" + score.getTask().toLowerCase(Locale.ROOT) + ")";
    }

    private static String percent(double rate) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * rate);
    }

    private static String points(double difference) {
        return String.format(Locale.ROOT, "%.1f points", 100 * difference);
    }
}
