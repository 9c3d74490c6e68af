package dev.koine.sim.script;

import dev.koine.engine.RejectedException;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.tensor.ElementType;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.testkit.Mutation;
import dev.koine.testkit.TinyModel;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The models that producers have: made once, and left as they are by every world. */
public final class Library {
    /** Languages of the evaluation set. */
    public static final List<String> LANGUAGES = List.of("de", "en", "fr");

    /** How many healthy experts each base has. */
    public static final int EXPERTS = 6;

    /** How many elements a prune task has: few, so that an expert has several pieces. */
    public static final long TASK_ELEMENTS = 100;

    /** An expert with a weight that is NaN. */
    static final String NAN = "nan";

    /** An expert of another graph. */
    static final String OTHER = "other";

    /** Speech in {@link #LANGUAGES}. */
    static final String SPEECH = "speech";

    private final Path directory;
    private final Map<String, Bundle> bundles = new HashMap<>();
    private final SigningKey key = SigningKey.generate();
    private final SigningKey stranger = SigningKey.generate();
    private final Judgement judgement;

    /** Makes them in an empty directory. */
    public Library(Path directory) throws IOException, RejectedException {
        this.directory = directory;
        Set<String> bases = Set.of(
                add("float", TinyModel.base(directory.resolve("float"))).digest(),
                add("half", TinyModel.halfBase(directory.resolve("half"))).digest());
        for (int i = 0; i < EXPERTS; i++) {
            String ofFloat = expert("float", i);
            String ofHalf = expert("half", i);
            add(ofFloat, TinyModel.expert(directory.resolve(ofFloat), 100 + i));
            add(ofHalf, TinyModel.halfExpert(directory.resolve(ofHalf), 200 + i));
        }
        Path healthy = directory.resolve(expert("float", 0));
        add(NAN, Mutation.graph(healthy, directory, Mutation.weight(3, Float.NaN)));
        add(OTHER, Mutation.graph(healthy, directory, Mutation.operator("Relu", "Sigmoid")));
        add(SPEECH, speech(Files.createDirectory(directory.resolve(SPEECH))));
        judgement = new Judgement(bases);
    }

    private Bundle add(String name, Path bundle) throws IOException, RejectedException {
        Bundle described = Bundle.describe(bundle);
        bundles.put(name, described);
        return described;
    }

    private static Path speech(Path set) throws IOException {
        SafetensorsWriter features = new SafetensorsWriter();
        StringBuilder lines = new StringBuilder();
        for (String language : LANGUAGES) {
            features.tensor(language, ElementType.FLOAT, List.of(2L, 2L), out -> out.write(new byte[4 * Float.BYTES]));
            lines.append("{\"id\": \"%s\", \"language\": \"%s\", \"task\": \"transcribe\", \"text\": \"a b\"}\n"
                    .formatted(language, language));
        }
        try (OutputStream out = Files.newOutputStream(set.resolve(EvaluationSet.FEATURES))) {
            features.writeTo(out);
        }
        Files.writeString(set.resolve(EvaluationSet.REFERENCES), lines);
        return set;
    }

    /** The name of a healthy expert. */
    static String expert(String base, int number) {
        return base + "-" + number;
    }

    /** A bundle by its name. */
    public Bundle bundle(String name) {
        return Objects.requireNonNull(bundles.get(name), name);
    }

    /** The bundle here that has the same files. */
    public Bundle same(Bundle other) {
        return bundles.values().stream()
                .filter(bundle -> bundle.digest().equals(other.digest()))
                .findFirst()
                .orElseThrow();
    }

    /** The directory of all of them. */
    public Path directory() {
        return directory;
    }

    public Judgement judgement() {
        return judgement;
    }

    /** The key that the job trusts. */
    SigningKey key() {
        return key;
    }

    /** A key that it does not. */
    SigningKey stranger() {
        return stranger;
    }

    /** The job's trust. */
    public TrustedKeys trusted() {
        return new TrustedKeys(List.of(key.trustLine(EnumSet.of(Role.MODELS, Role.EXPERTS))));
    }
}
