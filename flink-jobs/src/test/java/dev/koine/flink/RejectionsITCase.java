package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.mergeEvent;
import static dev.koine.flink.harness.KoineHarness.registration;
import static dev.koine.flink.harness.KoineHarness.rejected;
import static dev.koine.flink.harness.KoineHarness.retractEvent;
import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.events.Outcome;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.flink.harness.Poison;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.Topics;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.Mutation;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobStatus;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hostile events, one kind a test, against one job: each is refused with words that help, and the model stays as it was. */
class RejectionsITCase {
    private static final String MODEL = "ctc";
    private static final EventCodec<ExpertEvent> EXPERTS = EventCodec.of(ExpertEvent.class);
    private static final EventCodec<ModelRegistration> MODELS = EventCodec.of(ModelRegistration.class);

    @TempDir
    static Path directory;

    private static KoineHarness koine;
    private static String healthyDigest;
    private static long version;
    private static long revision;
    private static int sent;

    @BeforeAll
    static void startWithOneExpertInside() throws Exception {
        koine = KoineHarness.start(
                directory, settings -> settings.with(MergeJobOptions.QUARANTINE_TIME, Duration.ofSeconds(3)));
        updated(koine.register(MODEL, Fixtures.ctc("base")));
        version = updated(koine.merge(MODEL, "ca", 1, Fixtures.ctc("ca"))).getVersion();
        sent = 2;
        healthyDigest = Fixtures.mergedOffline(directory, "ca", "de");
    }

    @AfterEach
    void theModelIsAsItWasAndTheJobGoesOn() throws Exception {
        ModelUpdate next = updated(koine.merge(MODEL, "de", ++revision, Fixtures.ctc("de")));
        sent++;
        assertThat(next.getVersion()).isEqualTo(++version);
        assertThat(next.getExperts()).extracting(MergedExpert::getExpertId).containsExactly("ca", "de");
        assertThat(next.getDigest()).isEqualTo(healthyDigest);
        assertThat(koine.job.status()).isEqualTo(JobStatus.RUNNING);
    }

    @AfterAll
    static void eachEventEndedInOneOutcome() throws Exception {
        try (KoineHarness closing = koine) {
            List<Outcome> outcomes = closing.all();
            assertThat(outcomes).extracting(Outcome::event).doesNotHaveDuplicates();
            assertThat(outcomes).hasSize(sent);
        }
    }

    @Test
    void undecodable() throws Exception {
        byte[] random = new byte[200];
        new Random(1).nextBytes(random);
        byte[] good = EXPERTS.encode(expert("de"));
        refuse(random, RejectionCode.UNDECODABLE, "200 bytes", "C3 01", "dev.koine.schemas.ExpertEvent");
        refuse(Arrays.copyOf(good, good.length / 2), RejectionCode.UNDECODABLE, "ExpertEvent", "cut off");
        refuse(new byte[0], RejectionCode.UNDECODABLE, "0 bytes", "C3 01");
        assertRepeats(
                refused(publishNothing(), RejectionCode.UNDECODABLE, "no value", "send a RETRACT event"), MODEL, null);
        refuse(
                MODELS.encode(registration(MODEL, Bundle.describe(Fixtures.ctc("base")), Recipe.PUBLISHED)),
                RejectionCode.UNDECODABLE,
                "fingerprint",
                "the topic that it belongs to");
    }

    @Test
    void tooLargeToBeAnnouncedOrRepeated() throws Exception {
        byte[] large = new byte[1_000_000];
        new Random(2).nextBytes(large);
        Rejection rejection = refused(publish(large), RejectionCode.INVALID_EVENT, "1000000 bytes", "at its position");
        assertThat(rejection.getValue()).isNull();
        ExpertEvent wordy = expert("de");
        wordy.setLanguages(List.of("x".repeat(300_000)));
        refuse(wordy, RejectionCode.INVALID_EVENT, "bytes", "fewer files or languages");
    }

    @Test
    void invalidEvents() throws Exception {
        refuse(
                changed(e -> e.setExpertId("../de")),
                RejectionCode.INVALID_EVENT,
                "expertId '../de'",
                "1 to 128 letters");
        refuse(changed(e -> e.setWeight(Double.NaN)), RejectionCode.INVALID_EVENT, "weight is NaN", "give a finite");
        refuse(changed(e -> e.setWeight(0)), RejectionCode.INVALID_EVENT, "weight is 0.0", "other than 0");
        refuse(changed(e -> e.setBundle(null)), RejectionCode.INVALID_EVENT, "MERGE event needs", "bundle");
        Bundle de = Bundle.describe(Fixtures.ctc("de"));
        BundleFile outside = new BundleFile("../de/model.onnx", 1, "0".repeat(64));
        refuse(
                merge(new Bundle(de.uri(), List.of(outside))),
                RejectionCode.INVALID_EVENT,
                "'../de/model.onnx'",
                "'..'");
        BundleFile endless = new BundleFile("x".repeat(300), 1, "0".repeat(64));
        refuse(merge(new Bundle(de.uri(), List.of(endless))), RejectionCode.MISSING_FILE, "x".repeat(300), "Put it");
    }

    @Test
    void invalidRegistrations() throws Exception {
        Bundle base = Bundle.describe(Fixtures.ctc("base"));
        refuseModel(
                base,
                new Recipe(-1, 0.2, 0.2, Precision.FLOAT32, List.of()),
                RejectionCode.INVALID_EVENT,
                "rank is -1");
        refuseModel(
                base,
                new Recipe(7, 1.5, 0.2, Precision.FLOAT32, List.of()),
                RejectionCode.INVALID_EVENT,
                "density is 1.5");
        ModelRegistration unknown = registration(
                "other", base, new Recipe(7, 0.2, 0.2, Precision.FLOAT32, List.of(new PolicyRule("**", Policy.DENSE))));
        unknown.getRecipe().getRules().get(0).setPolicy("SOFT");
        refuseModel(unknown, RejectionCode.INVALID_EVENT, "policy is 'SOFT'", "LORS", "FROZEN");
    }

    @Test
    void unknownModel() throws Exception {
        ExpertEvent event = mergeEvent("nobody", "de", 1, Bundle.describe(Fixtures.ctc("de")), 1);
        Rejection rejection = refuse(event, RejectionCode.UNKNOWN_MODEL, "'nobody'", "koine register");
        assertThat(rejection.getModelId()).isEqualTo("nobody");
        assertThat(rejection.getExpertId()).isEqualTo("de");
    }

    @Test
    void modelExists() throws Exception {
        ModelRegistration again = registration(MODEL, Bundle.describe(Fixtures.ctc("de")), Recipe.PUBLISHED);
        refuseModel(again, RejectionCode.MODEL_EXISTS, "'ctc'", "another model id");
    }

    @Test
    void placesThatAreNotAllowed(@TempDir Path elsewhere) throws Exception {
        Path outside = Mutation.copy(Fixtures.ctc("de"), elsewhere);
        refuse(outside, RejectionCode.PLACE_NOT_ALLOWED, outside.toString(), "Allowed are", "allowed.places");
        Bundle de = Bundle.describe(Fixtures.ctc("de"));
        refuse(
                merge(new Bundle(URI.create("http://models.example/de/"), de.files())),
                RejectionCode.PLACE_NOT_ALLOWED,
                "http://models.example/de/",
                "file:///");
        Path link = Files.createSymbolicLink(directory.resolve("link"), outside);
        refuse(
                merge(new Bundle(link.toUri(), de.files())),
                RejectionCode.PLACE_NOT_ALLOWED,
                link.toString(),
                "Allowed are");
        Path linked = Mutation.copy(Fixtures.ctc("de"), directory);
        Path file = linked.resolve(Mutation.FILE);
        Files.delete(file);
        Files.createSymbolicLink(file, outside.resolve(Mutation.FILE));
        refuse(
                merge(new Bundle(linked.toUri(), de.files())),
                RejectionCode.PLACE_NOT_ALLOWED,
                file.toString(),
                "Put the file itself there");
    }

    @Test
    void filesThatAreNotWhatTheBundleLists() throws Exception {
        Path copy = Mutation.copy(Fixtures.ctc("de"), directory);
        Bundle listed = Bundle.describe(copy);
        Path file = copy.resolve(Mutation.FILE);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        refuse(merge(listed), RejectionCode.DIGEST_MISMATCH, Mutation.FILE, sha256(listed), "send a new event");
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
        refuse(
                merge(listed),
                RejectionCode.SIZE_MISMATCH,
                Mutation.FILE,
                String.valueOf(bytes.length - 1),
                String.valueOf(bytes.length),
                "Wait until");
        Files.delete(file);
        refuse(merge(listed), RejectionCode.MISSING_FILE, file.toString(), "Put it there");
        URI nowhere = directory.resolve("nowhere").toUri();
        refuse(merge(new Bundle(nowhere, listed.files())), RejectionCode.MISSING_FILE, nowhere.toString(), "Put");
    }

    @Test
    void filesThatAreNoModels() throws Exception {
        Path garbage = Mutation.copy(Fixtures.ctc("de"), directory);
        byte[] bytes = new byte[5000];
        new Random(3).nextBytes(bytes);
        Files.write(garbage.resolve(Mutation.FILE), bytes);
        refuse(garbage, RejectionCode.NOT_ONNX, Mutation.FILE, "Export");
        Path truncated = Mutation.copy(Fixtures.ctc("de"), directory);
        byte[] whole = Files.readAllBytes(truncated.resolve(Mutation.FILE));
        Files.write(truncated.resolve(Mutation.FILE), Arrays.copyOf(whole, whole.length / 2));
        refuse(truncated, RejectionCode.NOT_ONNX, Mutation.FILE, "was cut off", "Copy or download it again");
        Path none = Mutation.copy(Fixtures.ctc("de"), directory);
        Files.delete(none.resolve(Mutation.FILE));
        refuse(none, RejectionCode.NOT_ONNX, "no .onnx file", "Point to");
    }

    @Test
    void baseThatDoesNotLoad() throws Exception {
        Path base = Mutation.graph(Fixtures.ctc("base"), directory, Mutation.operator("Erf", "NoSuchOperator"));
        refuseModel(base, RejectionCode.NOT_LOADABLE, Mutation.FILE, "NoSuchOperator", "xport");
    }

    @Test
    void baseWithNaN() throws Exception {
        Path base = Mutation.graph(Fixtures.ctc("base"), directory, Mutation.weight(5, Float.NaN));
        refuseModel(base, RejectionCode.NON_FINITE, Mutation.matrix(base), "NaN at element 5", "register it again");
    }

    @Test
    void anotherGraph() throws Exception {
        Path expert = Mutation.graph(Fixtures.ctc("de"), directory, Mutation.operator("Erf", "Tanh"));
        refuse(expert, RejectionCode.GRAPH_MISMATCH, Mutation.FILE, "'/Erf'", "Tanh", "same exporter");
        refuse(Fixtures.whisper("de"), RejectionCode.GRAPH_MISMATCH, "decoder_model.onnx", "model.onnx", "Export");
    }

    @Test
    void anotherVocabulary() throws Exception {
        Path expert = Mutation.copy(Fixtures.ctc("de"), directory);
        Path vocabulary = expert.resolve("vocab.json");
        Files.writeString(vocabulary, Files.readString(vocabulary).replace("\"a\": 2", "\"å\": 2"));
        refuse(
                expert,
                RejectionCode.SIDE_FILE_MISMATCH,
                "'vocab.json'",
                "token 2 is 'a'",
                "'å'",
                "put the base's file");
    }

    @Test
    void anotherTensor() throws Exception {
        String name = Mutation.matrix(Fixtures.ctc("de"));
        Path shortened = Mutation.graph(Fixtures.ctc("de"), directory, Mutation.shortened());
        refuse(shortened, RejectionCode.TENSOR_MISMATCH, name, "FLOAT[96, 96]", "FLOAT[95, 96]", "Fine-tune");
        Path halved = Mutation.graph(Fixtures.ctc("de"), directory, Mutation.halved());
        refuse(
                halved,
                RejectionCode.TENSOR_MISMATCH,
                name,
                "FLOAT[96, 96]",
                "FLOAT16[96, 96]",
                "converted to FLOAT16",
                "Export it in FLOAT");
    }

    @Test
    void quantized() throws Exception {
        Path expert = Mutation.graph(Fixtures.ctc("de"), directory, Mutation.operator("MatMul", "MatMulInteger"));
        refuse(expert, RejectionCode.QUANTIZED, "MatMulInteger", "Merge the float model");
        Path base = Mutation.graph(Fixtures.ctc("base"), directory, Mutation.operator("MatMul", "MatMulInteger"));
        refuseModel(base, RejectionCode.QUANTIZED, "MatMulInteger", "Weights of the base", "Merge the float model");
    }

    @Test
    void notFinite() throws Exception {
        Path nan = Mutation.graph(Fixtures.ctc("de"), directory, Mutation.weight(7, Float.NaN));
        refuse(nan, RejectionCode.NON_FINITE, Mutation.matrix(nan), "is NaN at element 7", "export a healthy");
        Path infinite = Mutation.graph(Fixtures.ctc("de"), directory, Mutation.weight(8, Float.POSITIVE_INFINITY));
        refuse(infinite, RejectionCode.NON_FINITE, Mutation.matrix(nan), "Infinity at element 8");
    }

    @Test
    void whatKillsTheRuntime() throws Exception {
        refusePoison(
                Poison.ABORTS, RejectionCode.NOT_LOADABLE, "does not survive", "signal 6", "Assertion", "export it");
        refusePoison(Poison.HANGS, RejectionCode.TOO_LARGE, "asking the model", "3 s are allowed", "quarantine.time");
        refusePoison(Poison.UNKNOWN_OPERATOR, RejectionCode.NOT_LOADABLE, "NoSuchOperator", "Export the model again");
        refusePoison(Poison.NAN, RejectionCode.NON_FINITE, "nothing but NaN", "finite input", "healthy checkpoint");
    }

    private static void refusePoison(Poison poison, RejectionCode code, String... words) throws Exception {
        refuseModel(poison.write(directory.resolve(poison.name()), 1), code, words);
    }

    @Test
    void answersThatAreNotFinite() throws Exception {
        Recipe whole = new Recipe(7, 0.2, 1, Precision.FLOAT32, List.of(new PolicyRule("**", Policy.DENSE)));
        Bundle base = Bundle.describe(Poison.logarithm(directory.resolve("logarithm"), 0.5f));
        updated(koine.register("logarithm", base, whole));
        Bundle good = Bundle.describe(Poison.logarithm(directory.resolve("logarithm-good"), 0.6f));
        ModelUpdate before = updated(koine.merge("logarithm", "good", 1, good, 1));
        sent += 2;
        Bundle bad = Bundle.describe(Poison.logarithm(directory.resolve("logarithm-bad"), 1.2f));

        refuse(
                mergeEvent("logarithm", "bad", 1, bad, 1),
                RejectionCode.NON_FINITE,
                "answers NaN in 8 of the 8 numbers of output 'y' of model.onnx",
                "lower weight");

        ModelUpdate lighter = updated(koine.merge("logarithm", "bad", 1, bad, 0.5));
        sent++;
        assertThat(lighter.getVersion()).isEqualTo(before.getVersion() + 1);
    }

    @Test
    void overflowOfATotal() throws Exception {
        Path absurd = Mutation.graph(Fixtures.ctc("de"), directory, Mutation.weight(9, 1e30f));
        refuse(
                absurd,
                RejectionCode.TOTAL_OVERFLOW,
                "element",
                Mutation.matrix(absurd),
                "looks like a mask",
                "same tool");
        refuse(changed(e -> e.setWeight(1e12)), RejectionCode.TOTAL_OVERFLOW, "weight 1.0E12", "lower its weight");
    }

    @Test
    void resultBeyondTheElementType() throws Exception {
        Recipe loud = new Recipe(7, 0.2, 1e300, Precision.FLOAT32, List.of());
        updated(koine.register("loud", Bundle.describe(Fixtures.ctc("base")), loud));
        sent++;
        ExpertEvent event = mergeEvent("loud", "de", 1, Bundle.describe(Fixtures.ctc("de")), 1);
        refuse(event, RejectionCode.TOTAL_OVERFLOW, "would be", "FLOAT ends at", "lower its weight");
    }

    @Test
    void whatIsInsideAlreadyOrNotAtAll() throws Exception {
        updated(koine.merge(MODEL, "ca", 7, Fixtures.ctc("ca")));
        sent++;
        version++;
        Bundle ca = Bundle.describe(Fixtures.ctc("ca"));
        refuse(mergeEvent(MODEL, "ca", 7, ca, 1), RejectionCode.DUPLICATE, "Revision 7", "'ca'", "higher revision");
        refuse(mergeEvent(MODEL, "ca", 6, ca, 1), RejectionCode.STALE_REVISION, "Revision 6", "revision 7", "retract");
        refuse(retractEvent(MODEL, "ru"), RejectionCode.NOT_MERGED, "'ru'", "Inside are: [ca");
    }

    private static ExpertEvent expert(String name) throws Exception {
        return mergeEvent(MODEL, "hostile", 1, Bundle.describe(Fixtures.ctc(name)), 1);
    }

    private static ExpertEvent changed(Consumer<ExpertEvent> change) throws Exception {
        ExpertEvent event = expert("de");
        change.accept(event);
        return event;
    }

    private static ExpertEvent merge(Bundle bundle) {
        return mergeEvent(MODEL, "hostile", 1, bundle, 1);
    }

    private static String sha256(Bundle bundle) {
        return bundle.files().stream()
                .filter(file -> file.path().equals(Mutation.FILE))
                .findFirst()
                .orElseThrow()
                .sha256();
    }

    private static Position publish(byte[] value) throws Exception {
        return koine.publisher.publish(Topics.DEFAULT.experts(), MODEL, value);
    }

    /** A record without a value, as Kafka's tools can write one; a publisher asks for bytes. */
    @SuppressWarnings("NullAway")
    private static Position publishNothing() throws Exception {
        return koine.publisher.publish(Topics.DEFAULT.experts(), MODEL, null);
    }

    private static void refuse(byte[] value, RejectionCode code, String... words) throws Exception {
        assertRepeats(refused(publish(value), code, words), MODEL, value);
    }

    private static void refuse(Path bundle, RejectionCode code, String... words) throws Exception {
        refuse(merge(Bundle.describe(bundle)), code, words);
    }

    private static Rejection refuse(ExpertEvent event, RejectionCode code, String... words) throws Exception {
        Rejection rejection = refused(koine.send(event), code, words);
        assertRepeats(rejection, event.getModelId(), EXPERTS.encode(event));
        return rejection;
    }

    private static void refuseModel(Path base, RejectionCode code, String... words) throws Exception {
        refuseModel(Bundle.describe(base), Recipe.PUBLISHED, code, words);
    }

    private static void refuseModel(Bundle base, Recipe recipe, RejectionCode code, String... words) throws Exception {
        refuseModel(registration("other", base, recipe), code, words);
    }

    private static void refuseModel(ModelRegistration event, RejectionCode code, String... words) throws Exception {
        assertRepeats(refused(koine.send(event), code, words), event.getModelId(), MODELS.encode(event));
    }

    private static Rejection refused(Position position, RejectionCode code, String... words) throws Exception {
        sent++;
        Rejection rejection = rejected(koine.await(position));
        assertThat(rejection.getMessage()).contains(words);
        assertThat(rejection.getCode()).isEqualTo(code.name());
        assertThat(rejection.getPosition()).isEqualTo(position);
        return rejection;
    }

    private static void assertRepeats(Rejection rejection, String key, byte @Nullable [] value) {
        assertThat(rejection.getKey()).isEqualTo(ByteBuffer.wrap(key.getBytes(StandardCharsets.UTF_8)));
        assertThat(rejection.getValue()).isEqualTo(value == null ? null : ByteBuffer.wrap(value));
    }
}
