package dev.koine.speech.quarantine;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.koine.speech.onnx.OnnxSessions;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Asks every file of a bundle once, with {@linkplain FiniteInput a finite input}. Sizes that a model leaves open are tried until it takes
 * them. Where it answers numbers that are not finite, as a model that takes a logarithm of its input does, it is asked again with positive
 * numbers alone, and the better answer counts. A file that takes booleans is asked with all of them true and with all of them false: they choose
 * between branches, such as a decoder's with and without a cache.
 */
final class Question {
    static final int[] SIZES = {8, 16, 1, 2, 4, 32, 64, 80, 128};
    private static final float[] LOWEST = {-1, 0};

    private final OnnxSessions sessions;
    private final Map<String, List<Long>> shapes;
    private final Set<String> unasked = new LinkedHashSet<>();

    /** @param shapes of inputs that are known, by name */
    Question(OnnxSessions sessions, Map<String, List<Long>> shapes) {
        this.sessions = sessions;
        this.shapes = shapes;
    }

    Answers ask() {
        List<Answers.Output> outputs = new ArrayList<>();
        for (String file : sessions.names()) {
            try {
                outputs.addAll(ask(file));
            } catch (OrtException | IllegalArgumentException | ArithmeticException e) {
                unasked.add(file + ": " + e.getMessage());
            }
        }
        return new Answers(outputs, List.copyOf(unasked));
    }

    private List<Answers.Output> ask(String file) throws OrtException {
        int size = 0;
        @Nullable List<Answers.Output> best = null;
        while (best == null) {
            try {
                best = ask(file, SIZES[size], LOWEST[0]);
            } catch (OrtException | IllegalArgumentException e) {
                size++;
                if (size == SIZES.length) {
                    throw e;
                }
            }
        }
        for (int i = 1; i < LOWEST.length && broken(best) > 0; i++) {
            List<Answers.Output> again = ask(file, SIZES[size], LOWEST[i]);
            best = broken(again) < broken(best) ? again : best;
        }
        return best;
    }

    private List<Answers.Output> ask(String file, int size, float lowest) throws OrtException {
        List<Answers.Output> outputs = ask(file, new FiniteInput(size, lowest, shapes, true));
        if (!FiniteInput.hasBooleans(sessions.session(file))) {
            return outputs;
        }
        try {
            return sum(outputs, ask(file, new FiniteInput(size, lowest, shapes, false)));
        } catch (OrtException e) {
            unasked.add(file + " with false: " + e.getMessage());
            return outputs;
        }
    }

    private static List<Answers.Output> sum(List<Answers.Output> some, List<Answers.Output> others) {
        Map<String, Answers.Output> byName = new LinkedHashMap<>();
        for (List<Answers.Output> outputs : List.of(some, others)) {
            outputs.forEach(output -> byName.merge(output.name(), output, Answers.Output::plus));
        }
        return List.copyOf(byName.values());
    }

    private List<Answers.Output> ask(String file, FiniteInput input) throws OrtException {
        Map<String, OnnxTensor> inputs = FiniteInput.inputs();
        try {
            input.fill(sessions.session(file), inputs);
            List<Answers.Output> outputs = new ArrayList<>();
            try (OrtSession.Result result = sessions.run(file, inputs)) {
                for (Map.Entry<String, OnnxValue> entry : result) {
                    look(file, entry.getKey(), entry.getValue()).ifPresent(outputs::add);
                }
            }
            return outputs;
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private static long broken(List<Answers.Output> outputs) {
        return outputs.stream().mapToLong(Answers.Output::broken).sum();
    }

    private static Optional<Answers.Output> look(String file, String name, OnnxValue value) {
        if (!(value instanceof OnnxTensor tensor)) {
            return Optional.empty();
        }
        return switch (tensor.getInfo().type) {
            case FLOAT, FLOAT16, BFLOAT16 -> Optional.of(count(file, name, tensor.getFloatBuffer()));
            case DOUBLE -> Optional.of(count(file, name, tensor.getDoubleBuffer()));
            default -> Optional.empty();
        };
    }

    private static Answers.Output count(String file, String name, FloatBuffer values) {
        long nans = 0;
        long infinities = 0;
        for (int i = 0; i < values.limit(); i++) {
            nans += Float.isNaN(values.get(i)) ? 1 : 0;
            infinities += Float.isInfinite(values.get(i)) ? 1 : 0;
        }
        return new Answers.Output(file, name, values.limit(), nans, infinities);
    }

    private static Answers.Output count(String file, String name, DoubleBuffer values) {
        long nans = 0;
        long infinities = 0;
        for (int i = 0; i < values.limit(); i++) {
            nans += Double.isNaN(values.get(i)) ? 1 : 0;
            infinities += Double.isInfinite(values.get(i)) ? 1 : 0;
        }
        return new Answers.Output(file, name, values.limit(), nans, infinities);
    }
}
