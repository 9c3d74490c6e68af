package dev.koine.speech.evaluation;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.FileKind;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.store.Sha256;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Held-out speech with its texts, in one or several languages and tasks: {@code features.safetensors}, a matrix of F32, F16 or BF16 a
 * recording under the recording's id, and {@code references.jsonl}, a line {@code {"id", "language", "task", "text"}} a text. Features
 * stay in their file.
 */
public record EvaluationSet(List<Utterance> utterances) {
    /** The file of the matrices. */
    public static final String FEATURES = "features.safetensors";
    /** The file of the texts. */
    public static final String REFERENCES = "references.jsonl";

    private static final Set<FileKind> NEVER_A_SET = EnumSet.of(FileKind.LFS_POINTER, FileKind.HTML);
    private static final int LARGEST_HEADER = 8 << 20;

    public EvaluationSet {
        utterances = List.copyOf(utterances);
    }

    /** Reads a directory within the {@linkplain EvaluationLimits#DEFAULT default limits}. */
    public static EvaluationSet read(Path directory) throws IOException, RejectedException {
        return read(directory, EvaluationLimits.DEFAULT);
    }

    /**
     * Reads a directory: the texts, and where each recording lies. No feature is read; {@link #requireFinite} does.
     *
     * @throws RejectedException MISSING_FILE, TOO_LARGE, NOT_SAFETENSORS (also for features of a wrong shape or type) or INVALID_EVENT
     *     (for a line of the references), with what to do
     * @throws IOException if a file cannot be read
     */
    public static EvaluationSet read(Path directory, EvaluationLimits limits) throws IOException, RejectedException {
        Path features = regular(directory, FEATURES);
        Path references = regular(directory, REFERENCES);
        long bytes = Files.size(features) + Files.size(references);
        if (bytes > limits.bytes()) {
            throw tooLarge("The evaluation set has " + bytes + " bytes, and " + limits.bytes() + " are the most");
        }
        requireSmallHeader(features);
        try (Safetensors file = Safetensors.open(features)) {
            Map<String, Recording> recordings = new HashMap<>();
            for (TensorInfo entry : file.entries().values()) {
                recordings.put(entry.name(), recording(features, entry, limits));
            }
            EvaluationSet set = new EvaluationSet(new ReferenceLines(references, limits, recordings::get).read());
            if (set.utterances.isEmpty()) {
                throw new RejectedException(
                        RejectionCode.INVALID_EVENT,
                        REFERENCES + " has no text. Give at least one, or no evaluation set.");
            }
            return set;
        }
    }

    /**
     * All utterances of several sets.
     *
     * @throws RejectedException INVALID_EVENT if two of them have a recording of the same id, language and task
     */
    public static EvaluationSet union(Collection<EvaluationSet> sets) throws RejectedException {
        record Key(String id, LanguageTask what) {}
        List<Utterance> all = new ArrayList<>();
        Set<Key> keys = new HashSet<>();
        for (EvaluationSet set : sets) {
            for (Utterance utterance : set.utterances) {
                if (!keys.add(new Key(utterance.id(), utterance.languageTask()))) {
                    throw new RejectedException(
                            RejectionCode.INVALID_EVENT,
                            "Two evaluation sets have a recording '" + utterance.id() + "' for "
                                    + utterance.languageTask() + ". Give each recording an id of its own, or name "
                                    + "each set once.");
                }
                all.add(utterance);
            }
        }
        return new EvaluationSet(all);
    }

    /** The utterances that the condition holds for, such as one task. */
    public EvaluationSet where(Predicate<Utterance> condition) {
        return new EvaluationSet(utterances.stream().filter(condition).toList());
    }

    /** The utterances by what they are examples of, each list ordered by id. */
    public SortedMap<LanguageTask, List<Utterance>> byLanguageTask() {
        SortedMap<LanguageTask, List<Utterance>> groups = new TreeMap<>();
        for (Utterance utterance : utterances) {
            groups.computeIfAbsent(utterance.languageTask(), key -> new ArrayList<>())
                    .add(utterance);
        }
        groups.values().forEach(group -> group.sort(Comparator.comparing(Utterance::id)));
        return groups;
    }

    /**
     * Draws the utterances of each language and task whose SHA-256 of seed and id is lowest. So the draw depends on neither the order of
     * the utterances nor on other languages, tasks of one language draw the same recordings, and a larger draw contains a smaller.
     *
     * @param most utterances of each language and task
     */
    public EvaluationSet sample(int most, long seed) {
        if (most < 1) {
            throw new IllegalArgumentException("A sample of " + most + " is none. Draw at least 1.");
        }
        record Draw(String key, Utterance utterance) {}
        List<Utterance> drawn = new ArrayList<>();
        for (List<Utterance> group : byLanguageTask().values()) {
            group.stream()
                    .map(utterance -> new Draw(key(seed, utterance.id()), utterance))
                    .sorted(Comparator.comparing(Draw::key))
                    .limit(most)
                    .map(Draw::utterance)
                    .sorted(Comparator.comparing(Utterance::id))
                    .forEach(drawn::add);
        }
        return new EvaluationSet(drawn);
    }

    /** The recordings that the utterances use, each once. */
    public Set<Recording> recordings() {
        Set<Recording> used = new LinkedHashSet<>();
        utterances.forEach(utterance -> used.add(utterance.recording()));
        return used;
    }

    /**
     * Reads the features of every utterance once.
     *
     * @throws RejectedException NON_FINITE if a value is NaN or infinite
     * @throws IOException if a file cannot be read
     */
    public void requireFinite() throws IOException, RejectedException {
        try (Recordings open = new Recordings()) {
            for (Recording recording : recordings()) {
                open.read(recording);
            }
        }
    }

    private static String key(long seed, String id) {
        return Sha256.of((seed + "\n" + id).getBytes(StandardCharsets.UTF_8));
    }

    private static Path regular(Path directory, String name) throws RejectedException {
        Path file = directory.resolve(name);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "The evaluation set has no regular file " + name + ". It is made of " + FEATURES + " and "
                            + REFERENCES + "; koine evalset writes them.");
        }
        Optional<FileKind> kind = FileKind.of(file).filter(NEVER_A_SET::contains);
        if (kind.isPresent()) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "The file '" + name + "' " + kind.get().what() + ". "
                            + kind.get().advice() + ".");
        }
        return file;
    }

    /** Before all of it becomes objects. */
    private static void requireSmallHeader(Path features) throws IOException, RejectedException {
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(features)) {
            channel.read(length, 0);
        }
        if (length.getLong(0) > LARGEST_HEADER) {
            throw tooLarge("The header of " + FEATURES + " claims " + length.getLong(0) + " bytes, and "
                    + LARGEST_HEADER + " are the most");
        }
    }

    private static Recording recording(Path file, TensorInfo entry, EvaluationLimits limits) throws RejectedException {
        ElementType type = entry.type();
        if (type != ElementType.FLOAT && type != ElementType.FLOAT16 && type != ElementType.BFLOAT16) {
            throw notFeatures(
                    entry, "has elements of type " + type.safetensorsName() + ", where F32, F16 or BF16 are needed");
        }
        if (entry.shape().size() != 2 || entry.numel() == 0) {
            throw notFeatures(entry, "has the shape " + entry.shape() + ", where a matrix is needed");
        }
        if (entry.numel() > limits.values()) {
            throw tooLarge("Recording '" + entry.name() + "' has " + entry.numel() + " values, and " + limits.values()
                    + " are the most");
        }
        return new Recording(
                file,
                entry.name(),
                entry.shape().get(0).intValue(),
                entry.shape().get(1).intValue(),
                entry.length());
    }

    private static RejectedException notFeatures(TensorInfo entry, String what) {
        return new RejectedException(
                RejectionCode.NOT_SAFETENSORS,
                "Recording '" + entry.name() + "' in " + FEATURES + " " + what
                        + ": [frames, mels] for CTC models, [mels, " + "frames] for Whisper.");
    }

    private static RejectedException tooLarge(String what) {
        return new RejectedException(RejectionCode.TOO_LARGE, what + ". Draw a smaller one with koine evalset.");
    }
}
