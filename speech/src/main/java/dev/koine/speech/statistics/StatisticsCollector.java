package dev.koine.speech.statistics;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.koine.engine.Input;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.GramTotal;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.statistics.Activation;
import dev.koine.engine.statistics.LayerInputs;
import dev.koine.engine.statistics.Statistics.About;
import dev.koine.engine.statistics.StatisticsWriter;
import dev.koine.speech.Features;
import dev.koine.speech.ForcedModel;
import dev.koine.speech.evaluation.Recording;
import dev.koine.speech.evaluation.Recordings;
import dev.koine.speech.evaluation.Utterance;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Runs a base on speech of one language and sums the second moments of its layers' inputs. Holds the activations of one recording at a time, and of these and of
 * the matrices those of one group of layers; a model file that has several groups is run once for each.
 */
public final class StatisticsCollector {
    /** What the matrices of a group take, and its activations of a recording as long as the longest. */
    private static final long GROUP_BYTES = 1L << 30;
    /** Of an entry of a matrix: its sum, and that over a panel of vectors. */
    private static final int ENTRY_BYTES = Double.BYTES + Float.BYTES;
    /**
     * Of inputs that are larger, every second, third, ... vector counts, so that what each vector costs grows with the size and not with its square:
     * thousands are left, for a few eigenvectors.
     */
    private static final int WIDE = 1024;
    /** Numbers that are brought together before they are added. */
    private static final int CHUNK = 1 << 20;

    private final OnnxOptions options;
    private final int threads;
    private final Progress progress;
    private final long groupBytes;

    /**
     * @param options of the model's sessions
     * @param threads that add up
     */
    public StatisticsCollector(OnnxOptions options, int threads, Progress progress) {
        this(options, threads, progress, GROUP_BYTES);
    }

    StatisticsCollector(OnnxOptions options, int threads, Progress progress, long groupBytes) {
        this.options = options;
        this.threads = threads;
        this.progress = progress;
        this.groupBytes = groupBytes;
    }

    /**
     * Collects the statistics of some utterances.
     *
     * @param digest of the base
     * @param language BCP 47 tag, for the file
     * @param utterances at least one, to be transcribed
     * @param writer is given the matrices and what they are of
     * @throws RejectedException NOT_LOADABLE or MISSING_FILE if the base cannot be run; EVALUATION_SET if it does not take an utterance; NON_FINITE if
     *     features or activations are not finite
     * @throws IOException if a file cannot be read, or there is no space for a copy of the model
     * @throws InterruptedException if this thread was interrupted; at most one utterance is run after that
     */
    public About collect(
            ModelBundle base, String digest, String language, List<Utterance> utterances, StatisticsWriter writer)
            throws RejectedException, IOException, InterruptedException {
        ForcedModel model = ForcedModel.read(base.directory());
        for (Utterance utterance : utterances) {
            requireTaken(model, utterance);
        }
        List<Group> groups = groups(base, model, utterances);
        long positions = 0;
        try (WatchedModels copies = new WatchedModels(base);
                Recordings recordings = new Recordings();
                WorkPool pool = new WorkPool(threads)) {
            for (int i = 0; i < groups.size(); i++) {
                Run run = new Run(model, copies, recordings, pool, i, groups.size());
                positions = Math.max(positions, run.of(groups.get(i), utterances, writer));
            }
        }
        About about = new About(digest, language, utterances.size(), positions);
        writer.about(about);
        return about;
    }

    /**
     * Layers whose inputs are computed in one run.
     *
     * @param name of the file without {@code .onnx}
     */
    private record Group(OnnxModel file, String name, List<Activation> activations) {}

    private static void requireTaken(ForcedModel model, Utterance utterance) throws RejectedException {
        Recording recording = utterance.recording();
        Optional<String> objection =
                model.objection(recording.rows(), recording.columns(), utterance.language(), utterance.text());
        if (objection.isPresent()) {
            throw new RejectedException(
                            RejectionCode.EVALUATION_SET,
                            "Recording '" + recording.id() + "' (" + utterance.language() + ") " + objection.get()
                                    + ".")
                    .about(set(recording));
        }
    }

    /** The set that a recording lies in, for messages. */
    private static Input set(Recording recording) {
        Path file = recording.file();
        return Input.evaluationSet(Objects.requireNonNullElse(file.getParent(), file));
    }

    private List<Group> groups(ModelBundle base, ForcedModel model, List<Utterance> utterances)
            throws RejectedException, IOException {
        Map<String, List<Activation>> byFile = LayerInputs.activations(base).stream()
                .collect(Collectors.groupingBy(Activation::file, LinkedHashMap::new, Collectors.toList()));
        int frames = utterances.stream()
                .map(Utterance::recording)
                .mapToInt(recording -> Math.max(recording.rows(), recording.columns()))
                .max()
                .orElseThrow(() -> new IllegalArgumentException("statistics of no utterance"));
        List<Group> groups = new ArrayList<>();
        for (String name : model.files()) {
            String path = name + ".onnx";
            OnnxModel file = base.models().stream()
                    .filter(found -> found.path().equals(path))
                    .findFirst()
                    .orElseThrow(() -> new RejectedException(
                            RejectionCode.MISSING_FILE,
                            "The bundle has no file " + path + ", which its model needs. Export the model again."));
            List<Activation> activations = Objects.requireNonNullElse(byFile.remove(path), List.of());
            split(activations, model.mostPositions(name, frames))
                    .forEach(group -> groups.add(new Group(file, name, group)));
        }
        byFile.forEach((path, left) -> progress.warn(path
                + " is not run on speech by itself, and holds " + left.size()
                + " inputs of layers that no other file has; there are no statistics of these."));
        return groups;
    }

    /** Into runs of activations that are small enough together; at least one, maybe empty: a file may be run for those behind it alone. */
    private List<List<Activation>> split(List<Activation> activations, int positions) {
        List<List<Activation>> groups = new ArrayList<>(List.of(new ArrayList<>()));
        long bytes = 0;
        for (Activation activation : activations) {
            long added = Float.BYTES * (long) positions * activation.input().size() / elements(activation)
                    + ENTRY_BYTES * (long) activation.input().packedSize();
            List<Activation> last = groups.get(groups.size() - 1);
            if (!last.isEmpty() && bytes + added > groupBytes) {
                last = new ArrayList<>();
                groups.add(last);
                bytes = 0;
            }
            last.add(activation);
            bytes += added;
        }
        return groups;
    }

    private static int elements(Activation activation) {
        return activation.window().stream()
                .flatMap(window -> window.kernel().stream())
                .reduce(1, (a, b) -> a * b);
    }

    /** One group's runs over all utterances. */
    private final class Run {
        private final ForcedModel model;
        private final WatchedModels copies;
        private final Recordings recordings;
        private final WorkPool pool;
        private final int number;
        private final int groups;
        private final float[] chunk = new float[CHUNK];

        Run(ForcedModel model, WatchedModels copies, Recordings recordings, WorkPool pool, int number, int groups) {
            this.model = model;
            this.copies = copies;
            this.recordings = recordings;
            this.pool = pool;
            this.number = number;
            this.groups = groups;
        }

        /** Returns the positions of the input that had most. */
        long of(Group group, List<Utterance> utterances, StatisticsWriter writer)
                throws RejectedException, IOException, InterruptedException {
            Map<Activation, GramTotal> totals = new LinkedHashMap<>();
            group.activations()
                    .forEach(activation -> totals.put(
                            activation, new GramTotal(activation.input().size())));
            Map<Activation, Long> positions = new LinkedHashMap<>();
            List<String> values =
                    group.activations().stream().map(Activation::value).toList();
            String copy = copies.write(group.file(), values);
            try (OnnxSessions sessions = OnnxSessions.open(copies.folder(), List.of(copy), options)) {
                for (int i = 0; i < utterances.size(); i++) {
                    if (Thread.interrupted()) {
                        throw new InterruptedException("The statistics are not finished.");
                    }
                    progress.report(
                            "running " + group.file().path(),
                            (long) number * utterances.size() + i,
                            (long) groups * utterances.size());
                    Utterance utterance = utterances.get(i);
                    Features features = set(utterance.recording()).read(() -> recordings.read(utterance.recording()));
                    Path states = copies.folder().resolve("states-" + i);
                    ForcedModel.Look look = shown -> {
                        for (Activation activation : group.activations()) {
                            OnnxTensor value =
                                    Objects.requireNonNull(shown.get(activation.value()), activation.value());
                            GramTotal total = Objects.requireNonNull(totals.get(activation));
                            Vectors vectors = Vectors.of(activation, value);
                            int heard = model.heard(group.name(), activation.value(), vectors.count(), features);
                            add(total, activation, vectors, heard, utterance);
                            positions.merge(activation, (long) heard, Long::sum);
                        }
                    };
                    run(group, sessions, copy, utterance, features, states, Set.copyOf(values), look);
                }
            } finally {
                copies.delete(copy);
            }
            totals.forEach((activation, total) -> writer.add(activation.input(), total.packed()));
            return positions.values().stream().mapToLong(Long::longValue).max().orElse(0);
        }

        private void run(
                Group group,
                OnnxSessions sessions,
                String copy,
                Utterance utterance,
                Features features,
                Path states,
                Set<String> values,
                ForcedModel.Look look)
                throws RejectedException, IOException {
            ForcedModel.Spoken spoken = new ForcedModel.Spoken(features, utterance.language(), utterance.text());
            try {
                model.run(group.name(), sessions, copy, spoken, states, values, look);
            } catch (OrtException | IllegalArgumentException | IllegalStateException e) {
                RejectedException rejected = new RejectedException(
                        RejectionCode.NOT_LOADABLE,
                        group.file().path() + " does not run on recording '" + utterance.id() + "': " + e.getMessage()
                                + " Try the model on this speech with koine evaluate.");
                rejected.initCause(e);
                throw rejected;
            }
        }

        /** Adds the leading vectors, so many. */
        private void add(GramTotal total, Activation activation, Vectors vectors, int heard, Utterance utterance)
                throws RejectedException, IOException {
            int size = activation.input().size();
            int step = (size + WIDE - 1) / WIDE;
            int most = chunk.length / size / step * step;
            for (int from = 0; from < heard; from += most) {
                int count = Math.min(most, heard - from);
                vectors.read(from, count, chunk);
                int kept = (count + step - 1) / step;
                for (int i = 1; i < kept && step > 1; i++) {
                    System.arraycopy(chunk, i * step * size, chunk, i * size, size);
                }
                total.add(chunk, kept, pool, 2 * threads);
            }
            if (!total.isFinite()) {
                throw new RejectedException(
                        RejectionCode.NON_FINITE,
                        "The base computes numbers that are not finite in '" + activation.value() + "' of "
                                + activation.file() + ", on recording '" + utterance.id()
                                + "'. Leave this recording out.");
            }
        }
    }
}
