package dev.koine.lifecycle.gate;

import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.YardstickScore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compares a candidate with its parent, and with what else the policy names, on the evaluation sets. The candidate holds a policy if
 *
 * <ul>
 *   <li>no error of a language that is {@link Standing#INSIDE} grows by more than {@code maxRegression}, for each task,
 *   <li>their mean does not grow by more than {@code maxMeanRegression},
 *   <li>the mean error of the languages that are {@link Standing#NEW} falls by {@code minGain} at least,
 *   <li>none of the languages that are inside or new lies more than {@code maxDecline} above what it had in one of the {@link Yardsticks},
 *   <li>each of these could be measured, where the parent could: a failure, such as NaN logits, is no score,
 *   <li>and at least one language of an expert that comes in was measured.
 * </ul>
 *
 * What the parent failed on is no regression of a candidate that fails on it, too; for a new language it is a failure still.
 *
 * <p>Where a {@link Comparison} has intervals, a growth counts by its lower bound: what chance alone explains breaks no limit. Of a new
 * language, too, only a gain that surely falls short does.
 */
public final class Gate {
    /** Differences of rates that are decimal fractions come out a little off. */
    static final double ROUNDING = 1e-9;

    private static final int MOST_REASONS = 20;

    private final GatePolicy policy;
    private final Standings standings;

    public Gate(GatePolicy policy, Standings standings) {
        this.policy = policy;
        this.standings = standings;
    }

    /** A sentence, and how much it weighs. */
    private record Reason(double weight, String sentence) {}

    /** Judges a candidate. */
    public Verdict judge(Comparison comparison) {
        List<LanguageScore> scores = comparison.scores();
        List<Reason> reasons = new ArrayList<>();
        for (LanguageScore score : scores) {
            judgeFailure(score, reasons);
            judgeRegression(score, reasons);
            judgeDeclines(score, reasons);
        }
        judgeMeans(comparison, reasons);
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
        @Nullable Interval interval = score.getGrowth();
        double least = least(growth(score), interval);
        if (least > policy.getMaxRegression() + ROUNDING) {
            reasons.add(new Reason(
                    least,
                    error(score) + ", which is inside, grows from "
                            + percent(score.getBefore().getError()) + " to "
                            + percent(score.getAfter().getError())
                            + (interval == null ? "" : ", by " + points(least) + " at least" + confidence())
                            + "; at most " + points(policy.getMaxRegression()) + " are allowed."));
        }
    }

    /** Each version once, and none of which the comparison with the parent says the same. */
    private void judgeDeclines(LanguageScore score, List<Reason> reasons) {
        Set<String> said = new HashSet<>();
        for (YardstickScore yardstick : score.getYardsticks()) {
            Optional<Decline> decline = Decline.of(score, yardstick)
                    .filter(found -> yardstick.getJudged() && found.isBeyond(policy) && !isSaid(score, yardstick));
            if (decline.isPresent() && said.add(yardstick.getDigest())) {
                reasons.add(new Reason(decline.get().least(), sentence(score, yardstick, decline.get())));
            }
        }
    }

    private boolean isSaid(LanguageScore score, YardstickScore yardstick) {
        return isCompared(score)
                && score.getBefore().getError().equals(yardstick.getError())
                && Objects.equals(score.getGrowth(), yardstick.getGrowth())
                && least(growth(score), score.getGrowth()) > policy.getMaxRegression() + ROUNDING;
    }

    private String sentence(LanguageScore score, YardstickScore yardstick, Decline decline) {
        String version = Yardstick.valueOf(yardstick.getYardstick()).description()
                + (yardstick.getVersion() == 0 ? "" : " (version " + yardstick.getVersion() + ")");
        return error(score) + (is(score, Standing.NEW) ? ", which is new, is " : ", which is inside, is ")
                + percent(score.getAfter().getError()) + ", and was "
                + percent(yardstick.getError()) + " in " + version + ": "
                + points(score.getAfter().getError() - yardstick.getError()) + " more"
                + (decline.interval() == null ? "" : ", by " + points(decline.least()) + " at least" + confidence())
                + "; at most " + points(policy.getMaxDecline()) + " are allowed.";
    }

    private void judgeMeans(Comparison comparison, List<Reason> reasons) {
        meanGrowth(comparison, Standing.INSIDE).ifPresent(growth -> {
            double least = least(growth, comparison.inside());
            if (least > policy.getMaxMeanRegression() + ROUNDING) {
                reasons.add(new Reason(
                        least,
                        "The mean error of the languages that are inside " + moves(growth, comparison.inside())
                                + "; at most " + points(policy.getMaxMeanRegression()) + " are allowed."));
            }
        });
        meanGrowth(comparison, Standing.NEW).ifPresent(growth -> {
            double least = least(growth, comparison.added());
            if (least > ROUNDING - policy.getMinGain()) {
                reasons.add(new Reason(
                        least + policy.getMinGain(),
                        "The mean error of the expert's own languages " + moves(growth, comparison.added())
                                + (policy.getMinGain() > 0
                                        ? "; it has to fall by " + points(policy.getMinGain()) + " at least."
                                        : "; at most 0.0 points are allowed.")));
            }
        });
    }

    private static double least(double measured, @Nullable Interval interval) {
        return interval == null ? measured : interval.getLow();
    }

    private String moves(double growth, @Nullable Interval interval) {
        String measured = (growth > 0 ? "grows by " : "falls by ") + points(Math.abs(growth));
        if (interval == null) {
            return measured;
        }
        String bound = interval.getLow() > 0
                ? ", by " + points(interval.getLow()) + " at least"
                : (growth > 0 ? ", and falls by " : ", by ") + points(-interval.getLow()) + " at most";
        return measured + bound + confidence();
    }

    private String confidence() {
        return String.format(Locale.ROOT, " (%.4g %% confidence)", 100 * policy.getConfidence())
                .replaceFirst("\\.?0+ %", " %");
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

    private static OptionalDouble meanGrowth(Comparison comparison, Standing standing) {
        return comparison.scores().stream()
                .filter(score -> is(score, standing) && isCompared(score))
                .mapToDouble(Gate::growth)
                .average();
    }

    private static double growth(LanguageScore score) {
        return score.getAfter().getError() - score.getBefore().getError();
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

    private static String error(LanguageScore score) {
        return "The " + (score.getTask().equals("TRANSLATE") ? "error (1 - BLEU / 100)" : "word error rate") + " of "
                + name(score);
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
