package dev.koine.lifecycle.gate;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Examiner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Evaluates models on the evaluation sets in the store, each recording on one thread, in quarantine. A model is opened from where its files
 * lie, mapped, and closed again before this returns.
 *
 * <p>What was measured of a parent, or a yardstick, utterance by utterance, is kept in memory alone; where it is not, after a start, it is
 * evaluated again. What is kept of some bytes serves a candidate that has the same ones.
 */
public final class Evaluations {
    private static final Logger LOG = LoggerFactory.getLogger(Evaluations.class);

    private final ArtifactStore store;
    private final Examiner examiner;
    private final OnnxOptions options;
    private final int threads;
    private final RecentlyMeasured recent = new RecentlyMeasured();

    /**
     * @param examiner where models run
     * @param options of a session that one recording at a time runs on
     */
    public Evaluations(ArtifactStore store, Examiner examiner, OnnxOptions options, int threads) {
        this.store = store;
        this.examiner = examiner;
        this.options = options;
        this.threads = threads;
    }

    /**
     * What a model is evaluated with.
     *
     * @param sets digests of the evaluation sets
     * @param parent null for version 0
     * @param yardsticks what else it is held against
     */
    public record Question(
            GatePolicy policy,
            List<String> sets,
            Standings standings,
            @Nullable Parent parent,
            Yardsticks yardsticks) {
        RecentlyMeasured.Key about(String model) {
            return new RecentlyMeasured.Key(model, sets, policy.getSample(), policy.getSeed());
        }
    }

    /**
     * The version that a candidate is held against.
     *
     * @param digest of its bundle, which the store has
     */
    public record Parent(String digest, GateReport report) {}

    /**
     * Asks the model in a directory once, evaluates it, and judges it.
     *
     * @return with the report, but for what making the model took
     * @throws RejectedException if ONNX Runtime does not load the model
     * @throws IOException if the store has trouble, or this thread was interrupted
     */
    public Evaluation evaluate(Path model, Question question) throws RejectedException, IOException {
        long begun = System.nanoTime();
        Examiner.Speech speech = speech(question);
        SortedMap<LanguageTask, ErrorCounts> before = ofParent(question, speech);
        Map<String, SortedMap<LanguageTask, ErrorCounts>> earlier = ofYardsticks(question, speech);
        Measured found = measured(model, question, speech);
        GatePolicy policy = question.policy();
        List<LanguageScore> scores = scores(found, question);
        Comparison comparison = before.isEmpty()
                ? Comparison.measured(scores)
                : Comparison.resampled(scores, before, found.counts(), policy.getConfidence(), policy.getSeed());
        question.yardsticks().hold(scores, earlier, found.counts(), policy);
        Verdict verdict = new Gate(policy, question.standings()).judge(comparison);
        GateReport report = GateReport.newBuilder()
                .setPolicy(policy)
                .setPassed(verdict.passed())
                .setReasons(verdict.reasons())
                .setScores(scores)
                .setGrowthInside(comparison.inside())
                .setGrowthNew(comparison.added())
                .setEvaluationSets(question.sets())
                .setEvaluationMillis(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun))
                .build();
        return new Evaluation(report, found);
    }

    /** Of a model whose bytes were measured before, that: a protection before any expert changes none, and a retraction may lead back. */
    private Measured measured(Path model, Question question, Examiner.Speech speech)
            throws RejectedException, IOException {
        @Nullable
        Measured known = recent.get(question.about(Bundle.describe(model).digest()));
        return known != null ? known : Measured.of(examiner.askAndEvaluate(model, options, speech, Progress.NONE));
    }

    /** Keeps what was measured, of a parent of candidates to come. */
    public void keep(String digest, Question question, Evaluation evaluation) {
        recent.put(question.about(digest), evaluation.measured());
    }

    /** What the parent got wrong; nothing where that is not asked for. */
    private SortedMap<LanguageTask, ErrorCounts> ofParent(Question question, Examiner.Speech speech)
            throws IOException {
        @Nullable Parent parent = question.parent();
        if (parent == null || question.policy().getConfidence() == 0) {
            return Collections.emptySortedMap();
        }
        @Nullable Measured kept = recent.get(question.about(parent.digest()));
        return (kept != null ? kept : again(parent.digest(), question, speech)).counts();
    }

    /** What the yardsticks got wrong, by digest, but for those that the store has no more. */
    private Map<String, SortedMap<LanguageTask, ErrorCounts>> ofYardsticks(Question question, Examiner.Speech speech)
            throws IOException {
        Map<String, SortedMap<LanguageTask, ErrorCounts>> found = new TreeMap<>();
        if (question.policy().getConfidence() == 0) {
            return found;
        }
        for (String digest : question.yardsticks().digests()) {
            @Nullable Measured kept = recent.get(question.about(digest));
            if (kept != null) {
                found.put(digest, kept.counts());
            } else if (store.renew(StoredArtifact.Kind.BUNDLE, digest)) {
                found.put(digest, again(digest, question, speech).counts());
            } else {
                LOG.warn(
                        "The store does not have the model {} any more, which candidates were held against; where it was the best"
                                + " so far, the version before is that now.",
                        digest);
            }
        }
        return found;
    }

    /** Evaluates a version once more. */
    private Measured again(String digest, Question question, Examiner.Speech speech) throws IOException {
        try {
            Measured again = Measured.of(examiner.askAndEvaluate(store.bundle(digest), options, speech, Progress.NONE));
            recent.put(question.about(digest), again);
            return again;
        } catch (RejectedException e) {
            throw new IOException(
                    "The model " + digest + " was evaluated when it was made and cannot be now: " + e.getMessage(), e);
        }
    }

    private Examiner.Speech speech(Question question) throws IOException {
        List<Path> sets = new ArrayList<>();
        for (String digest : question.sets()) {
            sets.add(store.bundle(digest));
        }
        GatePolicy policy = question.policy();
        return new Examiner.Speech(sets, policy.getSample(), policy.getSeed(), threads);
    }

    private static List<LanguageScore> scores(Measured found, Question question) {
        Map<String, Measures> before = before(question.parent());
        List<LanguageScore> scores = new ArrayList<>();
        found.measures().forEach((what, measures) -> {
            LanguageScore score = LanguageScore.newBuilder()
                    .setLanguage(what.language())
                    .setTask(what.task().name())
                    .setStanding(question.standings().of(what.language()).name())
                    .setAfter(measures)
                    .build();
            score.setBefore(before.get(key(score)));
            scores.add(score);
        });
        scores.sort(Comparator.comparing(LanguageScore::getTask).thenComparing(LanguageScore::getLanguage));
        return scores;
    }

    private static Map<String, Measures> before(@Nullable Parent parent) {
        Map<String, Measures> before = new TreeMap<>();
        if (parent != null) {
            parent.report().getScores().forEach(score -> before.put(key(score), score.getAfter()));
        }
        return before;
    }

    private static String key(LanguageScore score) {
        return score.getTask() + " " + score.getLanguage();
    }
}
