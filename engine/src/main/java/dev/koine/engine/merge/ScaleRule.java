package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.merge.total.Deltas;
import dev.koine.engine.merge.total.Range;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns a scale policy into numbers, from what is inside a model and nothing else.
 *
 * <pre>
 *   PER_EXPERT    factor / n
 *   NORM          factor * (mean over the experts of |w tau|) / |delta|
 *                 tau a whole task vector, w its weight, delta the merged delta of the whole model before it is scaled
 *   MODEL_STOCK   factor * t / n for each weight (arXiv 2403.19522, section 4), where
 *                 t   = n cos / (1 + (n - 1) cos)
 *                 cos = (|sum of w tau|^2 - sum of |w tau|^2) / ((n - 1) * sum of |w tau|^2), at least 0
 * </pre>
 *
 * <p>None gives more than the policy's limit.
 *
 * <p>{@code cos} is the mean cosine of the angles between the task vectors where these are equally long, as the paper's geometry has
 * them; where they point away from each other it is taken as 0, and the weight stays the base's. {@code n} there counts the experts that
 * change the weight: with one, t is 1. Tied weights count as often as the model has them.
 *
 * <p>Norms are sums of squares in double in a fixed order: over the chunks of a weight, then over weights in the base's order, then over
 * experts in the order of their task vectors' digests. They are made once for an expert, and once a version for the merged delta. Weights that are weighed
 * by statistics are not scaled, and count nowhere; a language that is protected by statistics alone is no expert.
 */
final class ScaleRule {
    private final List<Weight> weights;
    private final List<Grid> grids;
    private final TaskVectorReader reader;
    private final WorkPool pool;
    private final Map<String, double[]> squaresOf = new HashMap<>();

    ScaleRule(List<Weight> weights, List<Grid> grids, TaskVectorReader reader, WorkPool pool) {
        this.weights = weights;
        this.grids = grids;
        this.reader = reader;
        this.pool = pool;
    }

    /**
     * The numbers for a model.
     *
     * @param deltas of exactly these members
     * @throws IllegalStateException for SEARCH, which this cannot know
     */
    Scales scales(Scale scale, List<Member> inside, Deltas deltas) throws RejectedException, IOException {
        List<Member> members = new ArrayList<>();
        for (Member member : inside) {
            if (reader.hasPieces(member.taskVector())) {
                members.add(member);
            }
        }
        return switch (scale.scaling()) {
            case FIXED, PER_EXPERT -> Scales.fixed(scale.of(members.size()));
            case NORM -> Scales.fixed(scale.limited(scale.factor() * norm(members, deltas)));
            case MODEL_STOCK -> modelStock(scale, members, deltas);
            case SEARCH ->
                throw new IllegalStateException(
                        "A scale is searched by writing and evaluating candidates; nobody else can tell it.");
        };
    }

    private double norm(List<Member> members, Deltas deltas) throws RejectedException, IOException {
        double norms = 0;
        for (Member member : inOrder(members)) {
            norms += Math.abs(member.factor()) * Math.sqrt(total(squares(member.taskVector(), deltas)));
        }
        double merged = Math.sqrt(total(squares(deltas)));
        return merged > 0 ? norms / members.size() / merged : 1;
    }

    private Scales modelStock(Scale scale, List<Member> members, Deltas deltas) throws RejectedException, IOException {
        double[] apart = new double[weights.size()];
        int[] experts = new int[weights.size()];
        for (Member member : inOrder(members)) {
            double[] squares = squares(member.taskVector(), deltas);
            for (int i = 0; i < apart.length; i++) {
                apart[i] += member.factor() * member.factor() * squares[i];
                experts[i] += squares[i] > 0 ? 1 : 0;
            }
        }
        double[] together = squares(deltas);
        Map<String, Double> scales = new HashMap<>();
        for (int i = 0; i < apart.length; i++) {
            if (experts[i] > 0) {
                scales.put(
                        weights.get(i).key(), scale.limited(scale.factor() * share(experts[i], apart[i], together[i])));
            }
        }
        return Scales.byWeight(scales);
    }

    /** t / n. */
    private static double share(int experts, double apart, double together) {
        if (experts == 1) {
            return 1;
        }
        double cosine = Math.max(0, (together - apart) / ((experts - 1) * apart));
        return cosine / (1 + (experts - 1) * cosine);
    }

    private static List<Member> inOrder(List<Member> members) {
        return members.stream()
                .sorted(Comparator.comparing(Member::taskVector).thenComparing(Member::factor))
                .toList();
    }

    private static double total(double[] squares) {
        return Arrays.stream(squares).reduce(0, Double::sum);
    }

    /** The sum of squares of a task vector, for each weight. */
    private double[] squares(String taskVector, Deltas deltas) throws RejectedException, IOException {
        double[] known = squaresOf.get(taskVector);
        if (known != null) {
            return known;
        }
        List<WorkPool.Part<List<Square>>> parts = new ArrayList<>();
        for (Addition.Part part : reader.parts(taskVector)) {
            parts.add(() -> {
                List<Square> squares = new ArrayList<>();
                part.forEach(addition -> {
                    if (deltas.isScaled(addition.index())) {
                        squares.add(square(addition));
                    }
                });
                return squares;
            });
        }
        double[] squares = sum(pool.runAll(parts).stream().flatMap(List::stream).toList());
        squaresOf.put(taskVector, squares);
        return squares;
    }

    private record Square(int index, long from, double value) {}

    private static Square square(Addition addition) {
        int numel = addition.values().numel();
        float[] values = new float[Math.min(Run.CHUNK, numel)];
        double square = 0;
        for (Run chunk : Run.chunks(numel)) {
            addition.values().read(chunk.at(), chunk.count(), values, 0);
            for (int i = 0; i < chunk.count(); i++) {
                square += (double) values[i] * values[i];
            }
        }
        return new Square(addition.index(), addition.from(), square);
    }

    /** The sum of squares of the merged delta, for each weight. */
    private double[] squares(Deltas deltas) throws RejectedException, IOException {
        List<WorkPool.Part<Square>> parts = new ArrayList<>();
        for (int index = 0; index < weights.size(); index++) {
            for (Range part : deltas.isScaled(index) ? deltas.parts(index) : List.<Range>of()) {
                parts.add(() -> square(part, deltas));
            }
        }
        return sum(pool.runAll(parts));
    }

    private Square square(Range part, Deltas deltas) throws RejectedException, IOException {
        double step = grids.get(part.index()).step();
        double[] square = {0};
        deltas.forEachChunk(part, (from, values, count) -> {
            double sum = square[0];
            for (int i = 0; i < count; i++) {
                sum += (values[i] * step) * (values[i] * step);
            }
            square[0] = sum;
        });
        return new Square(part.index(), part.from(), square[0]);
    }

    private double[] sum(List<Square> squares) {
        double[] sums = new double[weights.size()];
        squares.stream()
                .sorted(Comparator.comparingInt(Square::index).thenComparingLong(Square::from))
                .forEachOrdered(square -> sums[square.index()] += square.value());
        return sums;
    }
}
