package dev.koine.flink.head;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.flink.gate.Comparison;
import dev.koine.flink.gate.Gate;
import dev.koine.flink.gate.Standings;
import dev.koine.flink.gate.Verdict;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.subscriber.evaluation.ErrorCounts;
import dev.koine.subscriber.evaluation.EvaluationResult;
import dev.koine.subscriber.evaluation.EvaluationSet;
import dev.koine.subscriber.evaluation.Evaluator;
import dev.koine.subscriber.evaluation.LanguageTask;
import dev.koine.subscriber.onnx.OnnxOptions;
import dev.koine.subscriber.speech.SpeechModel;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates models on the evaluation sets in the store, each recording on one thread. A model is opened from where its files lie, mapped,
 * and closed again before this returns.
 *
 * <p>What a parent got wrong utterance by utterance is kept in memory alone; where it is not, after a start, the parent is evaluated
 * again.
 */
final class Evaluations {
    private static final int LONGEST_FAILURE = 300;

    private final ArtifactStore store;
    private final OnnxOptions options;
    private final int threads;
    private final RecentCounts recent = new RecentCounts();

    /** @param options of a session that one recording at a time runs on */
    Evaluations(ArtifactStore store, OnnxOptions options, int threads) {
        this.store = store;
        this.options = options;
        this.threads = threads;
    }

    /**
     * What a model is evaluated with.
     *
     * @param sets digests of the evaluation sets
     * @param parent null for version 0
     */
    record Question(
            GatePolicy policy,
            List<String> sets,
            Standings standings,
            @Nullable Parent parent) {
        RecentCounts.Key about(String model) {
            return new RecentCounts.Key(model, sets, policy.getSample(), policy.getSeed());
        }
    }

    /**
     * The version that a candidate is held against.
     *
     * @param digest of its bundle, which the store has
     */
    record Parent(String digest, GateReport report) {}

    /**
     * Evaluates the model in a directory and judges it.
     *
     * @return with the report, but for what making the model took
     * @throws RejectedException if ONNX Runtime does not load the model
     * @throws IOException if the store has trouble, or this thread was interrupted
     */
    Evaluation evaluate(Path model, Question question) throws RejectedException, IOException {
        long begun = System.nanoTime();
        EvaluationSet sample = sample(question);
        SortedMap<LanguageTask, ErrorCounts> before = ofParent(question, sample);
        SortedMap<LanguageTask, EvaluationResult> results = run(model, sample);
        SortedMap<LanguageTask, ErrorCounts> after = counts(results);
        GatePolicy policy = question.policy();
        List<LanguageScore> scores = scores(results, question);
        Comparison comparison = before.isEmpty()
                ? Comparison.measured(scores)
                : Comparison.resampled(scores, before, after, policy.getConfidence(), policy.getSeed());
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
        return new Evaluation(report, after);
    }

    /** Keeps what a model got wrong, as a parent of candidates to come. */
    void keep(String digest, Question question, Evaluation evaluation) {
        recent.put(question.about(digest), evaluation.counts());
    }

    /** What the parent got wrong; nothing where that is not asked for. */
    private SortedMap<LanguageTask, ErrorCounts> ofParent(Question question, EvaluationSet sample) throws IOException {
        @Nullable Parent parent = question.parent();
        if (parent == null || question.policy().getConfidence() == 0) {
            return Collections.emptySortedMap();
        }
        RecentCounts.Key key = question.about(parent.digest());
        @Nullable SortedMap<LanguageTask, ErrorCounts> kept = recent.get(key);
        if (kept != null) {
            return kept;
        }
        try {
            SortedMap<LanguageTask, ErrorCounts> again = counts(run(store.bundle(parent.digest()), sample));
            recent.put(key, again);
            return again;
        } catch (RejectedException e) {
            throw new IOException(
                    "The model before was evaluated when it was made and cannot be now: " + e.getMessage(), e);
        }
    }

    private static SortedMap<LanguageTask, ErrorCounts> counts(SortedMap<LanguageTask, EvaluationResult> results) {
        SortedMap<LanguageTask, ErrorCounts> counts = new TreeMap<>();
        results.forEach((what, result) -> {
            if (result.error().isPresent()) {
                counts.put(what, ErrorCounts.of(result));
            }
        });
        return counts;
    }

    private EvaluationSet sample(Question question) throws IOException {
        try {
            List<EvaluationSet> sets = new ArrayList<>();
            for (String digest : question.sets()) {
                sets.add(EvaluationSet.read(store.bundle(digest)));
            }
            return EvaluationSet.union(sets)
                    .sample(question.policy().getSample(), question.policy().getSeed());
        } catch (RejectedException e) {
            throw damaged(e);
        }
    }

    private SortedMap<LanguageTask, EvaluationResult> run(Path directory, EvaluationSet sample)
            throws RejectedException, IOException {
        try (SpeechModel model = SpeechModel.open(directory, options)) {
            return run(model, sample);
        }
    }

    private SortedMap<LanguageTask, EvaluationResult> run(SpeechModel model, EvaluationSet sample) throws IOException {
        try {
            return new Evaluator(threads, Progress.NONE).evaluate(model, sample);
        } catch (RejectedException e) {
            throw damaged(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("The evaluation was interrupted.").initCause(e);
        }
    }

    private static IOException damaged(RejectedException e) {
        return new IOException("The store's copy of an evaluation set is damaged: " + e.getMessage(), e);
    }

    private static List<LanguageScore> scores(SortedMap<LanguageTask, EvaluationResult> results, Question question) {
        Map<String, Measures> before = before(question.parent());
        List<LanguageScore> scores = new ArrayList<>();
        results.forEach((what, result) -> {
            LanguageScore score = LanguageScore.newBuilder()
                    .setLanguage(what.language())
                    .setTask(what.task().name())
                    .setStanding(question.standings().of(what.language()).name())
                    .setAfter(measures(result))
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

    private static Measures measures(EvaluationResult result) {
        OptionalDouble error = result.error();
        return Measures.newBuilder()
                .setUtterances(result.utterances())
                .setError(orNull(error))
                .setWer(orNull(result.wordErrorRate()))
                .setCer(orNull(result.characterErrorRate()))
                .setBleu(orNull(result.bleu()))
                .setLoss(orNull(result.loss()))
                .setFailure(error.isPresent() ? null : failure(result))
                .build();
    }

    private static String failure(EvaluationResult result) {
        String failure = result.failure().orElse("The references have no words to compare with.");
        return failure.length() <= LONGEST_FAILURE ? failure : failure.substring(0, LONGEST_FAILURE) + "...";
    }

    static @Nullable Double orNull(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }
}
