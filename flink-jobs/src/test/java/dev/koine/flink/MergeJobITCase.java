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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job on a real broker and a MiniCluster, with the committed speech models. */
class MergeJobITCase {
    @TempDir
    Path directory;

    @Test
    void mergesReplacesAndRetractsToTheBytesOfTheOfflineMerge() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            ModelUpdate base = updated(koine.register("ctc", Fixtures.ctc("base")));
            assertThat(base.getVersion()).isZero();
            assertThat(base.getParent()).isNull();
            assertThat(base.getDigest())
                    .isEqualTo(Bundle.describe(Fixtures.ctc("base")).digest());

            ModelUpdate ca = updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
            ModelUpdate caDe = updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de")));
            ModelUpdate replaced = updated(koine.merge("ctc", "de", 2, Fixtures.ctc("de-2")));
            ModelUpdate withoutDe = updated(koine.retract("ctc", "de"));
            ModelUpdate again = updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de")));

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
    }

    @Test
    void keepsManyModelsApartInOneJob() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            updated(koine.register("whisper", Fixtures.whisper("base")));
            ModelUpdate whisper = updated(koine.merge("whisper", "de", 1, Fixtures.whisper("de")));
            ModelUpdate ctc = updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de")));
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
    }

    @Test
    void takesCheckpointsAndAdaptersWhereTheBaseIsRegisteredWithItsCheckpoint() throws Exception {
        Path base = Fixtures.ctc("base");
        Path checkpoint = TrainedForms.checkpoint(base, base, directory.resolve("places/base"));
        Path de = TrainedForms.checkpoint(base, Fixtures.ctc("de"), directory.resolve("places/de"));
        Path adapter = TrainedForms.adapter(base, 7, directory.resolve("places/adapter"));
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("plain", base));
            assertThat(rejected(koine.merge("plain", "de", 1, de)).getCode()).isEqualTo("NO_CHECKPOINT");
            assertThat(rejected(koine.register("wrong", Fixtures.whisper("base"), checkpoint))
                            .getCode())
                    .isEqualTo("CHECKPOINT_MISMATCH");
            ModelUpdate registered = updated(koine.register("ctc", base, checkpoint));
            assertThat(registered.getCheckpointDigest())
                    .isEqualTo(Bundle.describe(checkpoint).digest());
            assertThat(registered.getWeightMapDigest()).startsWith("sha256:");

            ModelUpdate ofCheckpoint = updated(koine.merge("ctc", "de", 1, de));
            assertThat(ofCheckpoint.getDigest()).isEqualTo(offline("de"));
            assertThat(ofCheckpoint.getWeightMapDigest()).isEqualTo(registered.getWeightMapDigest());
            ModelUpdate withAdapter = updated(koine.merge("ctc", "adapted", 1, adapter));
            ModelUpdate withExport = updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
            assertThat(withAdapter.getDigest())
                    .isEqualTo(Fixtures.mergedOffline(
                            directory, base, checkpoint, Recipe.PUBLISHED, List.of(de, adapter)));
            assertThat(withExport.getDigest())
                    .isEqualTo(Fixtures.mergedOffline(
                            directory, base, checkpoint, Recipe.PUBLISHED, List.of(Fixtures.ctc("ca"), adapter, de)));
            updated(koine.retract("ctc", "ca"));
            assertThat(updated(koine.retract("ctc", "adapted")).getDigest()).isEqualTo(ofCheckpoint.getDigest());
        }
    }

    @Test
    void weighsExperts() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            Bundle de = Bundle.describe(Fixtures.ctc("de"));
            ModelUpdate half = updated(koine.merge("ctc", "de", 1, de, 0.5));
            ModelUpdate whole = updated(koine.merge("ctc", "de", 2, de, 1));
            assertThat(half.getDigest()).isNotEqualTo(whole.getDigest());
            assertThat(whole.getDigest()).isEqualTo(offline("de"));
        }
    }

    @Test
    void takesAnExpertThatComesBeforeItsModel() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            Position early =
                    koine.send(KoineHarness.mergeEvent("ctc", "de", 1, Bundle.describe(Fixtures.ctc("de")), 1));
            updated(koine.register("ctc", Fixtures.ctc("base")));
            List<Outcome> outcomes = koine.awaitAll(2);
            assertThat(outcomes)
                    .extracting(outcome -> updated(outcome).getVersion())
                    .containsExactly(0L, 1L);
            assertThat(outcomes.get(1).event().getOffset()).isEqualTo(early.getOffset());
        }
    }

    @Test
    void takesEventsInTheirOrderHoweverManyAreInFlight() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            Bundle de = Bundle.describe(Fixtures.ctc("de"));
            Bundle de2 = Bundle.describe(Fixtures.ctc("de-2"));
            koine.send(KoineHarness.mergeEvent("ctc", "de", 1, de, 1));
            koine.send(KoineHarness.mergeEvent("ctc", "de", 2, de2, 1));
            koine.send(KoineHarness.mergeEvent("ctc", "de", 2, de2, 1));
            koine.send(KoineHarness.mergeEvent("ctc", "ca", 1, Bundle.describe(Fixtures.ctc("ca")), 1));
            koine.send(KoineHarness.retractEvent("ctc", "de"));
            koine.send(KoineHarness.retractEvent("ctc", "de"));
            koine.send(KoineHarness.mergeEvent("ctc", "de", 1, de, 1));

            List<Outcome> outcomes = koine.awaitAll(8);
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
    }

    @Test
    void goesOnWhereItWasStopped() throws Exception {
        ModelUpdate before;
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            before = updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
        }
        try (KoineHarness koine = KoineHarness.start(directory)) {
            ModelUpdate after = updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de")));
            assertThat(after.getVersion()).isEqualTo(before.getVersion() + 1);
            assertThat(after.getDigest()).isEqualTo(offline("ca", "de"));
            assertThat(koine.all()).hasSize(3);
        }
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
