package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.rejected;
import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.events.Outcome;
import dev.koine.events.Recipes;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.schemas.Change;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.TrainedForms;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job on a real broker and a MiniCluster, with the committed speech models. */
class MergeJobITCase {
    @TempDir
    static Path shared;

    private static KoineHarness koine;

    @TempDir
    Path directory;

    @BeforeAll
    static void start() throws Exception {
        koine = KoineHarness.start(shared);
    }

    @AfterAll
    static void stop() throws Exception {
        koine.close();
    }

    @Test
    void mergesReplacesAndRetractsToTheBytesOfTheOfflineMerge() throws Exception {
        ModelUpdate base = updated(koine.register("replacing", Fixtures.ctc("base")));
        assertThat(base.getVersion()).isZero();
        assertThat(base.getParent()).isNull();
        assertThat(base.getDigest())
                .isEqualTo(Bundle.describe(Fixtures.ctc("base")).digest());

        ModelUpdate ca = updated(koine.merge("replacing", "ca", 1, Fixtures.ctc("ca")));
        ModelUpdate caDe = updated(koine.merge("replacing", "de", 1, Fixtures.ctc("de")));
        ModelUpdate replaced = updated(koine.merge("replacing", "de", 2, Fixtures.ctc("de-2")));
        ModelUpdate withoutDe = updated(koine.retract("replacing", "de"));
        ModelUpdate again = updated(koine.merge("replacing", "de", 1, Fixtures.ctc("de")));

        assertThat(Stream.of(ca, caDe, replaced, withoutDe, again).map(ModelUpdate::getVersion))
                .containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(Stream.of(ca, caDe, replaced, withoutDe, again).map(ModelUpdate::getParent))
                .containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(Stream.of(ca, caDe, replaced, withoutDe)
                        .map(update -> update.getCause().getChange()))
                .containsExactly(Change.MERGED, Change.MERGED, Change.REPLACED, Change.RETRACTED);
        assertThat(replaced.getExperts().stream().map(MergedExpert::getRevision))
                .containsExactly(1L, 2L);
        assertThat(withoutDe.getDigest()).isEqualTo(ca.getDigest());
        assertThat(again.getDigest()).isEqualTo(caDe.getDigest()).isNotEqualTo(replaced.getDigest());
        assertThat(caDe.getDigest()).isEqualTo(offline("ca", "de"));
        assertThat(replaced.getDigest()).isEqualTo(offline("de-2", "ca"));

        for (ModelUpdate update : List.of(base, ca, caDe, replaced, withoutDe, again)) {
            Bundle bundle = Bundles.fromAvro(update.getBundle());
            assertThat(bundle.digest()).isEqualTo(update.getDigest());
            BundleVerifier.verify(bundle, bundle.directory());
            OnnxSessions.open(bundle.directory(), OnnxOptions.DEFAULT).close();
        }
    }

    @Test
    void keepsManyModelsApartInOneJob() throws Exception {
        updated(koine.register("apart", Fixtures.ctc("base")));
        updated(koine.register("whisper", Fixtures.whisper("base")));
        ModelUpdate whisper = updated(koine.merge("whisper", "de", 1, Fixtures.whisper("de")));
        ModelUpdate ctc = updated(koine.merge("apart", "de", 1, Fixtures.ctc("de")));
        assertThat(whisper.getVersion()).isEqualTo(1);
        assertThat(ctc.getVersion()).isEqualTo(1);
        assertThat(ctc.getDigest()).isEqualTo(offline("de"));
        assertThat(updated(koine.await(koine.publisher.publish("koine.models", "plain", withoutRecipe("plain"))))
                        .getRecipe())
                .isEqualTo(Recipes.toAvro(Recipe.DEFAULT));
        ModelUpdate plain = updated(koine.merge("plain", "de", 1, Fixtures.ctc("de")));
        assertThat(plain.getDigest())
                .isEqualTo(Fixtures.mergedOffline(directory, Recipe.DEFAULT, "de"))
                .isNotEqualTo(ctc.getDigest());
        Bundle bundle = Bundles.fromAvro(whisper.getBundle());
        assertThat(bundle.files().stream().map(file -> file.path()))
                .contains("encoder_model.onnx", "encoder_model.onnx_data", "decoder_model.onnx", "vocab.json");
        OnnxSessions.open(bundle.directory(), OnnxOptions.DEFAULT).close();
    }

    @Test
    void takesCheckpointsAndAdaptersWhereTheBaseIsRegisteredWithItsCheckpoint() throws Exception {
        Path base = Fixtures.ctc("base");
        Path checkpoint = TrainedForms.checkpoint(base, base, shared.resolve("places/base"));
        Path de = TrainedForms.checkpoint(base, Fixtures.ctc("de"), shared.resolve("places/de"));
        Path adapter = TrainedForms.adapter(base, 7, shared.resolve("places/adapter"));
        updated(koine.register("untrained", base));
        assertThat(rejected(koine.merge("untrained", "de", 1, de)).getCode()).isEqualTo("NO_CHECKPOINT");
        assertThat(rejected(koine.register("wrong", Fixtures.whisper("base"), checkpoint))
                        .getCode())
                .isEqualTo("CHECKPOINT_MISMATCH");
        ModelUpdate registered = updated(koine.register("trained", base, checkpoint));
        assertThat(registered.getCheckpointDigest())
                .isEqualTo(Bundle.describe(checkpoint).digest());
        assertThat(registered.getWeightMapDigest()).startsWith("sha256:");

        ModelUpdate ofCheckpoint = updated(koine.merge("trained", "de", 1, de));
        assertThat(ofCheckpoint.getDigest()).isEqualTo(offline("de"));
        assertThat(ofCheckpoint.getWeightMapDigest()).isEqualTo(registered.getWeightMapDigest());
        ModelUpdate withAdapter = updated(koine.merge("trained", "adapted", 1, adapter));
        ModelUpdate withExport = updated(koine.merge("trained", "ca", 1, Fixtures.ctc("ca")));
        assertThat(withAdapter.getDigest())
                .isEqualTo(Fixtures.mergedOffline(directory, base, checkpoint, Recipe.PUBLISHED, List.of(de, adapter)));
        assertThat(withExport.getDigest())
                .isEqualTo(Fixtures.mergedOffline(
                        directory, base, checkpoint, Recipe.PUBLISHED, List.of(Fixtures.ctc("ca"), adapter, de)));
        updated(koine.retract("trained", "ca"));
        assertThat(updated(koine.retract("trained", "adapted")).getDigest()).isEqualTo(ofCheckpoint.getDigest());
    }

    @Test
    void weighsExperts() throws Exception {
        updated(koine.register("weighed", Fixtures.ctc("base")));
        Bundle de = Bundle.describe(Fixtures.ctc("de"));
        ModelUpdate half = updated(koine.merge("weighed", "de", 1, de, 0.5));
        ModelUpdate whole = updated(koine.merge("weighed", "de", 2, de, 1));
        assertThat(half.getDigest()).isNotEqualTo(whole.getDigest());
        assertThat(whole.getDigest()).isEqualTo(offline("de"));
    }

    @Test
    void takesAnExpertThatComesBeforeItsModel() throws Exception {
        Position early = koine.send(KoineHarness.mergeEvent("late", "de", 1, Bundle.describe(Fixtures.ctc("de")), 1));
        updated(koine.register("late", Fixtures.ctc("base")));
        List<Outcome> outcomes = koine.awaitAll("late", 2);
        assertThat(outcomes)
                .extracting(outcome -> updated(outcome).getVersion())
                .containsExactly(0L, 1L);
        assertThat(outcomes.get(1).event().getOffset()).isEqualTo(early.getOffset());
    }

    @Test
    void takesEventsInTheirOrderHoweverManyAreInFlight() throws Exception {
        updated(koine.register("ordered", Fixtures.ctc("base")));
        Bundle de = Bundle.describe(Fixtures.ctc("de"));
        Bundle de2 = Bundle.describe(Fixtures.ctc("de-2"));
        koine.send(KoineHarness.mergeEvent("ordered", "de", 1, de, 1));
        koine.send(KoineHarness.mergeEvent("ordered", "de", 2, de2, 1));
        koine.send(KoineHarness.mergeEvent("ordered", "de", 2, de2, 1));
        koine.send(KoineHarness.mergeEvent("ordered", "ca", 1, Bundle.describe(Fixtures.ctc("ca")), 1));
        koine.send(KoineHarness.retractEvent("ordered", "de"));
        koine.send(KoineHarness.retractEvent("ordered", "de"));
        koine.send(KoineHarness.mergeEvent("ordered", "de", 1, de, 1));

        List<Outcome> outcomes = koine.awaitAll("ordered", 8);
        List<ModelUpdate> updates = outcomes.stream()
                .filter(Outcome.Updated.class::isInstance)
                .map(KoineHarness::updated)
                .toList();
        assertThat(updates)
                .extracting(update -> update.getCause().getChange())
                .containsExactly(
                        Change.REGISTERED,
                        Change.MERGED,
                        Change.REPLACED,
                        Change.MERGED,
                        Change.RETRACTED,
                        Change.MERGED);
        assertThat(updates).extracting(ModelUpdate::getVersion).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
        assertThat(updates.get(5).getDigest()).isEqualTo(offline("ca", "de"));
        assertThat(outcomes.stream().filter(Outcome.Rejected.class::isInstance))
                .extracting(outcome -> KoineHarness.rejected(outcome).getCode())
                .containsExactly("DUPLICATE", "NOT_MERGED");
    }

    /** Bytes of a registration by a producer that has no code of Koine's and no recipe. */
    private static byte[] withoutRecipe(String modelId) throws Exception {
        Schema schema = new Schema.Parser()
                .parse(EventCodec.of(ModelRegistration.class).schema().toString());
        GenericRecord registration = new GenericRecordBuilder(schema)
                .set("modelId", modelId)
                .set("base", Bundles.toAvro(Bundle.describe(Fixtures.ctc("base"))))
                .set("time", 1L)
                .build();
        ByteBuffer message = new BinaryMessageEncoder<GenericRecord>(GenericData.get(), schema).encode(registration);
        return Arrays.copyOf(message.array(), message.limit());
    }

    private String offline(String... experts) throws Exception {
        return Fixtures.mergedOffline(directory, experts);
    }
}
