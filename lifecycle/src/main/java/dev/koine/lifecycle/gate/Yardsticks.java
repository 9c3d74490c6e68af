package dev.koine.lifecycle.gate;

import dev.koine.events.MergedExperts;
import dev.koine.schemas.Change;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.YardstickScore;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.LanguageTask;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The earlier versions that a candidate is held against beside its parent, for each language and task. They follow from the reports of
 * version 0 and of the version before alone, since each report carries its own on: no history has to be there, and a start changes nothing.
 *
 * <p>What an operator decides (a retraction, a rollback, a protection) is not refused, and neither is what came later for its cost: where it
 * takes an error beyond the limit, the best so far is that version, and the base is reported and not judged until the error is back.
 * So it is with a language that was beyond the limit before anybody spoke for it.
 */
public final class Yardsticks {
    /** Nothing but the parent. */
    public static final Yardsticks NONE = new Yardsticks(new TreeMap<>());

    private static final String GONE = "The store does not have the model of this version any more.";

    private final SortedMap<LanguageTask, List<Mark>> marks;

    private Yardsticks(SortedMap<LanguageTask, List<Mark>> marks) {
        this.marks = marks;
    }

    /**
     * One of them.
     *
     * @param digest of its bundle
     * @param error that it had
     * @param isJudged whether a decline breaks the policy
     */
    private record Mark(Yardstick yardstick, long version, String digest, double error, boolean isJudged) {
        static Mark of(Yardstick yardstick, ModelUpdate version, double error, boolean isJudged) {
            return new Mark(yardstick, version.getVersion(), version.getDigest(), error, isJudged);
        }
    }

    /**
     * Those of a candidate.
     *
     * @param first version 0
     * @param previous the version that the candidate follows: its parent, or the one that is gone back to
     * @param standings of languages to the candidate
     */
    public static Yardsticks of(GatePolicy policy, ModelUpdate first, ModelUpdate previous, Standings standings) {
        @Nullable GateReport report = previous.getGate();
        if (policy.getAgainst().isEmpty() || report == null) {
            return NONE;
        }
        SortedMap<LanguageTask, List<Mark>> marks = new TreeMap<>();
        for (LanguageScore score : report.getScores()) {
            Standing standing = standings.of(score.getLanguage());
            List<Mark> ofScore = new ArrayList<>();
            for (String name : policy.getAgainst()) {
                Yardstick yardstick = Yardstick.valueOf(name);
                if (yardstick == Yardstick.BASE) {
                    base(first, previous, score, standing).ifPresent(ofScore::add);
                } else if (standing == Standing.INSIDE) {
                    best(previous, score).ifPresent(ofScore::add);
                }
            }
            marks.put(what(score), ofScore);
        }
        return new Yardsticks(marks);
    }

    private static Optional<Mark> base(
            ModelUpdate first, ModelUpdate previous, LanguageScore score, Standing standing) {
        boolean isJudged = standing != Standing.OTHER && !isExcused(previous, score, Yardstick.BASE);
        return error(first, score).map(error -> Mark.of(Yardstick.BASE, first, error, isJudged));
    }

    /** Whether a decline below a yardstick was there before, and nobody was refused for it. */
    private static boolean isExcused(ModelUpdate previous, LanguageScore score, Yardstick yardstick) {
        return find(score, yardstick)
                .filter(found -> !found.getJudged() || isDecided(previous))
                .flatMap(found -> Decline.of(score, found))
                .filter(decline -> decline.isBeyond(previous.getGate().getPolicy()))
                .isPresent();
    }

    private static Optional<Mark> best(ModelUpdate previous, LanguageScore score) {
        Optional<YardstickScore> found = find(score, Yardstick.BEST);
        Optional<Mark> before =
                found.map(best -> new Mark(Yardstick.BEST, best.getVersion(), best.getDigest(), best.getError(), true));
        @Nullable Double error = score.getAfter().getError();
        if (error == null) {
            return before;
        }
        boolean isBetter = found.isEmpty()
                || found.get().getFailure() != null
                || error <= found.get().getError()
                || isExcused(previous, score, Yardstick.BEST);
        return isBetter ? Optional.of(Mark.of(Yardstick.BEST, previous, error, true)) : before;
    }

    private static Optional<YardstickScore> find(LanguageScore score, Yardstick yardstick) {
        return score.getYardsticks().stream()
                .filter(found -> found.getYardstick().equals(yardstick.name()))
                .findFirst();
    }

    private static boolean isDecided(ModelUpdate version) {
        Change change = version.getCause().getChange();
        boolean isOfExpert = change == Change.MERGED || change == Change.REPLACED;
        return !isOfExpert
                || version.getExperts().stream()
                        .anyMatch(expert ->
                                expert.getExpertId().equals(version.getCause().getExpertId())
                                        && MergedExperts.isProtection(expert));
    }

    private static Optional<Double> error(ModelUpdate version, LanguageScore like) {
        @Nullable GateReport report = version.getGate();
        return report == null
                ? Optional.empty()
                : report.getScores().stream()
                        .filter(score -> what(score).equals(what(like)))
                        .findFirst()
                        .map(LanguageScore::getAfter)
                        .map(Measures::getError);
    }

    private static LanguageTask what(LanguageScore score) {
        return new LanguageTask(score.getLanguage(), Task.valueOf(score.getTask()));
    }

    /** Digests of the models whose counts are needed to {@link #hold} a candidate against them. */
    SortedSet<String> digests() {
        SortedSet<String> digests = new TreeSet<>();
        marks.values().forEach(ofScore -> ofScore.forEach(mark -> digests.add(mark.digest())));
        return digests;
    }

    /**
     * Notes in a candidate's scores where it lies.
     *
     * @param before what the models of {@link #digests} got wrong; of no effect where the policy has no confidence
     * @param after what the candidate got wrong
     */
    void hold(
            List<LanguageScore> scores,
            Map<String, SortedMap<LanguageTask, ErrorCounts>> before,
            Map<LanguageTask, ErrorCounts> after,
            GatePolicy policy) {
        boolean isSampled = policy.getConfidence() != 0;
        Map<Yardstick, PairedBootstrap> bootstraps = new EnumMap<>(Yardstick.class);
        if (isSampled) {
            for (Yardstick yardstick : Yardstick.values()) {
                bootstraps.put(yardstick, new PairedBootstrap(counts(yardstick, before), after, policy.getSeed()));
            }
        }
        for (LanguageScore score : scores) {
            List<YardstickScore> held = new ArrayList<>();
            for (Mark mark : marks.getOrDefault(what(score), List.of())) {
                @Nullable PairedBootstrap bootstrap = bootstraps.get(mark.yardstick());
                boolean isGone = isSampled && !before.containsKey(mark.digest());
                held.add(YardstickScore.newBuilder()
                        .setYardstick(mark.yardstick().name())
                        .setVersion(mark.version())
                        .setDigest(mark.digest())
                        .setError(mark.error())
                        .setGrowth(
                                bootstrap == null ? null : bootstrap.mean(List.of(what(score)), policy.getConfidence()))
                        .setJudged(mark.isJudged() && !isGone)
                        .setFailure(isGone ? GONE : null)
                        .build());
            }
            score.setYardsticks(held);
        }
    }

    /** What the versions of one kind got wrong, each in the languages and tasks that it is the yardstick of. */
    private SortedMap<LanguageTask, ErrorCounts> counts(
            Yardstick yardstick, Map<String, SortedMap<LanguageTask, ErrorCounts>> before) {
        SortedMap<LanguageTask, ErrorCounts> counts = new TreeMap<>();
        marks.forEach((what, ofScore) -> ofScore.stream()
                .filter(mark -> mark.yardstick() == yardstick)
                .map(mark -> before.getOrDefault(mark.digest(), new TreeMap<>()).get(what))
                .filter(Objects::nonNull)
                .forEach(found -> counts.put(what, found)));
        return counts;
    }
}
