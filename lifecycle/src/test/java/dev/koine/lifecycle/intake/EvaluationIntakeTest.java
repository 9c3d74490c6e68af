package dev.koine.lifecycle.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.LocalStore;
import dev.koine.events.Bundles;
import dev.koine.lifecycle.input.AllowedPlaces;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Recipe;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.speech.quarantine.QuarantineLimits;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.Mutation;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationIntakeTest {
    private static final Path BASE = Fixtures.ctc("base");
    private static final String REFERENCES = "references.jsonl";

    @TempDir
    Path directory;

    private Path store;

    @BeforeEach
    void makeStore() throws IOException {
        store = Files.createDirectory(directory.resolve("store"));
    }

    @Test
    void goodSetsAreCopiedToTheStore() throws Exception {
        Path de = speech("de");
        Path ca = speech("ca");
        take(registration(de, ca));
        assertThat(LocalStore.open(store).bundle(Bundle.describe(de).digest())).isDirectory();
        assertThat(LocalStore.open(store).bundle(Bundle.describe(ca).digest())).isDirectory();
    }

    @Test
    void withoutSetsNothingIsRead() throws Exception {
        ModelRegistration none = registration();
        none.setGate(null);
        take(none);
        assertThat(LocalStore.open(store).list()).isEmpty();
    }

    @Test
    void aPolicyIsCheckedFirst() throws Exception {
        ModelRegistration wrong = registration(speech("de"));
        wrong.getGate().setSample(0);
        assertThat(refused(wrong).code()).isEqualTo(RejectionCode.INVALID_EVENT);
    }

    @Test
    void setsComeFromAllowedPlacesAndAreVerified() throws Exception {
        ModelRegistration elsewhere = registration(Fixtures.ctc("evaluation").resolve("de"));
        assertThat(refused(elsewhere).code()).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
        Path de = speech("de");
        ModelRegistration changed = registration(de);
        Files.writeString(
                de.resolve(REFERENCES), Files.readString(de.resolve(REFERENCES)).replace("neun", "acht"));
        assertThat(refused(changed).code()).isEqualTo(RejectionCode.DIGEST_MISMATCH);
        assertThat(LocalStore.open(store).list()).isEmpty();
    }

    @Test
    void whatIsNoSpeechIsRefused() throws Exception {
        Path mute = speech("de");
        Files.delete(mute.resolve(REFERENCES));
        assertThat(refused(registration(mute)).code()).isEqualTo(RejectionCode.MISSING_FILE);

        Path broken = speech("de");
        Path features = broken.resolve("features.safetensors");
        byte[] bytes = Files.readAllBytes(features);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int at = (int) (Long.BYTES + buffer.getLong(0));
        for (int i = at; i + Float.BYTES <= bytes.length; i += Float.BYTES) {
            buffer.putFloat(i, Float.NaN);
        }
        Files.write(features, bytes);
        assertThat(refused(registration(broken)).code()).isEqualTo(RejectionCode.NON_FINITE);
    }

    @Test
    void theSameSpeechTwiceIsRefused() throws Exception {
        Path de = speech("de");
        assertThat(refused(registration(de, de)).code()).isEqualTo(RejectionCode.INVALID_EVENT);
    }

    @Test
    void whatTheBaseCannotDoIsNamed() throws Exception {
        Path translated = speech("de");
        replace(translated, "\"transcribe\"", "\"translate\"");
        RejectedException task = refused(registration(translated));
        assertThat(task.code()).isEqualTo(RejectionCode.EVALUATION_SET);
        assertThat(task).hasMessageContaining("cannot be evaluated on de");
    }

    private static void replace(Path set, String from, String to) throws IOException {
        Path references = set.resolve(REFERENCES);
        Files.writeString(references, Files.readString(references).replace(from, to));
    }

    private RejectedException refused(ModelRegistration registration) {
        return catchThrowableOfType(RejectedException.class, () -> take(registration));
    }

    private void take(ModelRegistration registration) throws Exception {
        AllowedPlaces places = new AllowedPlaces(List.of(directory.toUri()));
        LocalStore kept = LocalStore.open(store);
        try (Quarantine quarantine = new Quarantine(QuarantineLimits.DEFAULT);
                WorkPool pool = new WorkPool(1)) {
            BundleIntake bundles = new BundleIntake(places, BundleSource.LOCAL, kept, pool);
            new EvaluationIntake(bundles, kept, quarantine, new OnnxOptions(1, Device.CPU), 1).take(registration, BASE);
        }
    }

    /** A copy of the committed speech. */
    private Path speech(String language) throws IOException {
        return Mutation.copy(Fixtures.ctc("evaluation").resolve(language), directory);
    }

    private static ModelRegistration registration(Path... sets) throws Exception {
        List<dev.koine.schemas.Bundle> bundles = new ArrayList<>();
        for (Path set : sets) {
            bundles.add(Bundles.toAvro(Bundle.describe(set)));
        }
        return ModelRegistration.newBuilder()
                .setModelId("m")
                .setBase(
                        new dev.koine.schemas.Bundle(URI.create("file:///base/").toString(), List.of()))
                .setRecipe(Recipe.newBuilder().build())
                .setEvaluationSets(bundles)
                .setGate(GatePolicy.newBuilder().build())
                .setTime(Instant.EPOCH)
                .build();
    }
}
