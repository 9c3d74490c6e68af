package dev.koine.lifecycle.version;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.Scales;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.engine.merge.total.Written;
import dev.koine.lifecycle.event.GateRefusal;
import dev.koine.lifecycle.gate.Evaluation;
import dev.koine.lifecycle.gate.Evaluations;
import dev.koine.lifecycle.gate.Gate;
import dev.koine.lifecycle.gate.GateMode;
import dev.koine.lifecycle.gate.Measured;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.ScaleTrial;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What may become a version: written to a directory, evaluated there, and judged before anybody else sees it. For one version.
 *
 * <p>Where the recipe searches for a scale, the candidate is written and evaluated with each of the grid, one after the other in the same
 * directory. Of those that hold the gate's policy, or of all if none does, the one with the least mean error over the languages that the
 * gate judges stays, of equal ones the one of smallest magnitude; one that fails stays only if no other does better.
 */
final class Candidate {
    private final Recipe recipe;
    private final boolean hasExperts;
    private final @Nullable Scales recorded;
    private final Evaluations evaluations;
    private final Evaluations.@Nullable Question question;
    private final boolean mayBeRefused;

    private @Nullable Scales scales;
    private @Nullable Evaluation evaluation;
    private Written written = Written.NOTHING;
    private long mergeNanos;

    /**
     * @param hasExperts whether anything will be inside
     * @param recorded the scales that an older version with the same experts had; null to follow the recipe
     * @param question what it is evaluated with; null for no gate
     * @param mayBeRefused whether the gate's mode decides what becomes of it; otherwise it becomes a version anyway
     */
    Candidate(
            Recipe recipe,
            boolean hasExperts,
            @Nullable Scales recorded,
            Evaluations evaluations,
            Evaluations.@Nullable Question question,
            boolean mayBeRefused) {
        this.recipe = recipe;
        this.hasExperts = hasExperts;
        this.recorded = recorded;
        this.evaluations = evaluations;
        this.question = question;
        this.mayBeRefused = mayBeRefused;
    }

    /**
     * Writes the candidate to an empty directory.
     *
     * @param model with exactly what the candidate is to have inside
     * @throws RejectedException a {@link GateRefusal} if the gate refuses it, others if it cannot be written or loaded
     */
    void write(RunningModel model, Path target) throws RejectedException, IOException {
        if (recorded != null) {
            writeAndEvaluate(model, recorded, target);
        } else if (recipe.scale().scaling() == Scaling.SEARCH) {
            search(model, target);
        } else {
            long begun = System.nanoTime();
            Scales resolved = model.scales();
            mergeNanos += System.nanoTime() - begun;
            writeAndEvaluate(model, resolved, target);
        }
        @Nullable GateReport report = report();
        if (report != null) {
            report.setMergeMillis(mergeMillis());
            boolean isRefused =
                    mayBeRefused && !report.getPassed() && GateMode.of(report.getPolicy()) == GateMode.ENFORCE;
            if (isRefused) {
                throw new GateRefusal(report);
            }
        }
    }

    /** The scales that it has. */
    Scales scales() {
        if (scales == null) {
            throw new IllegalStateException("the candidate was not written");
        }
        return scales;
    }

    /** What became of the update when it was written last. */
    Written written() {
        return written;
    }

    /** What the evaluation found; null without a gate. */
    @Nullable
    GateReport report() {
        return evaluation == null ? null : evaluation.report();
    }

    /** Of what it is now; null without a gate. */
    @Nullable
    Evaluation evaluation() {
        return evaluation;
    }

    /** Adds what changing the totals took to what making the candidate takes. */
    void addMergeNanos(long nanos) {
        mergeNanos += nanos;
    }

    /** What making it took, but for its evaluation. */
    long mergeMillis() {
        return TimeUnit.NANOSECONDS.toMillis(mergeNanos);
    }

    private void search(RunningModel model, Path target) throws RejectedException, IOException {
        List<Double> grid = recipe.scale().grid();
        if (!hasExperts) {
            writeAndEvaluate(model, Scales.fixed(grid.get(0)), target);
            return;
        }
        List<Trial> trials = new ArrayList<>();
        List<ScaleTrial> reported = new ArrayList<>();
        @Nullable RejectedException unwritable = null;
        for (double scale : grid) {
            try {
                writeAndEvaluate(model, Scales.fixed(scale), target);
                Trial trial = Trial.of(scale, requireEvaluation());
                trials.add(trial);
                reported.add(new ScaleTrial(scale, Measured.orNull(trial.error())));
            } catch (RejectedException e) {
                unwritable = e;
                reported.add(new ScaleTrial(scale, null));
            }
        }
        if (trials.isEmpty()) {
            if (unwritable == null) {
                throw new IllegalStateException("a scale is searched in an empty grid");
            }
            throw unwritable;
        }
        Trial best = Collections.min(trials, Trial.BEST_FIRST);
        if (scales().overall() != best.scale()) {
            write(model, Scales.fixed(best.scale()), target);
        }
        evaluation = best.evaluation();
        evaluation.report().setScaleTrials(reported);
        evaluation
                .report()
                .setEvaluationMillis(trials.stream()
                        .mapToLong(trial -> trial.evaluation().report().getEvaluationMillis())
                        .sum());
    }

    /** A scale that was tried. */
    private record Trial(double scale, Evaluation evaluation, OptionalDouble error) {
        static final Comparator<Trial> BEST_FIRST = Comparator.comparing(
                        (Trial trial) -> !trial.evaluation.report().getPassed())
                .thenComparingDouble(trial -> trial.error.orElse(Double.POSITIVE_INFINITY))
                .thenComparingDouble(trial -> Math.abs(trial.scale));

        static Trial of(double scale, Evaluation evaluation) {
            return new Trial(
                    scale, evaluation, Gate.meanError(evaluation.report().getScores()));
        }
    }

    private void writeAndEvaluate(RunningModel model, Scales used, Path target) throws RejectedException, IOException {
        write(model, used, target);
        if (question != null) {
            evaluation = evaluations.evaluate(target, question);
        }
    }

    private void write(RunningModel model, Scales used, Path target) throws RejectedException, IOException {
        long begun = System.nanoTime();
        clear(target);
        scales = used;
        written = model.write(target, used, Progress.NONE);
        mergeNanos += System.nanoTime() - begun;
    }

    private Evaluation requireEvaluation() {
        if (evaluation == null) {
            throw new IllegalStateException("a scale is searched on evaluation sets, and there are none");
        }
        return evaluation;
    }

    private static void clear(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            for (Path child : (Iterable<Path>) children::iterator) {
                FileTree.delete(child);
            }
        }
    }
}
