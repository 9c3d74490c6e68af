package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.rejected;
import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Recipes;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.Statement;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.lifecycle.option.SignaturePolicy;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.SubscriberListener;
import dev.koine.testkit.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where signatures are required, only those who may change a model, and a service takes only what the job has signed. */
class SignaturesITCase {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    Path directory;

    private final SigningKey pipeline = SigningKey.generate();
    private final SigningKey job = SigningKey.generate();
    private final SigningKey stranger = SigningKey.generate();
    private final TrustedKeys trusted = new TrustedKeys(List.of(
            pipeline.trustLine(EnumSet.of(Role.EXPERTS, Role.MODELS)), job.trustLine(EnumSet.of(Role.UPDATES))));

    @Test
    void onlyThoseWhoMayChangeAModel() throws Exception {
        Path key = directory.resolve("job.key");
        job.write(key);
        try (KoineHarness koine = KoineHarness.start(directory, signatures(SignaturePolicy.REQUIRED, key))) {
            ModelRegistration registration = KoineHarness.registration("ctc", Bundle.describe(Fixtures.ctc("base")));
            assertRefused(koine, registration, "UNSIGNED");
            registration.setSignature(job.sign(Statement.of(registration)));
            assertRefused(koine, registration, "BAD_SIGNATURE");
            registration.setSignature(pipeline.sign(Statement.of(registration)));
            ModelUpdate zero = updated(koine.await(koine.send(registration)));
            trusted.require(zero.getSignature(), Statement.of(zero), Role.UPDATES);
            assertThat(zero.getRecipe()).isEqualTo(Recipes.toAvro(Recipe.DEFAULT));

            ExpertEvent de = KoineHarness.mergeEvent("ctc", "de", 1, Bundle.describe(Fixtures.ctc("de")), 1);
            assertRefused(koine, de, "UNSIGNED");
            de.setSignature(stranger.sign(Statement.of(de)));
            assertRefused(koine, de, "BAD_SIGNATURE");
            de.setSignature(pipeline.sign(Statement.of(de)));
            ExpertEvent heavier = ExpertEvent.newBuilder(de).setWeight(2).build();
            assertRefused(koine, heavier, "BAD_SIGNATURE");
            ExpertEvent other = KoineHarness.mergeEvent("ctc", "de", 1, Bundle.describe(Fixtures.ctc("fr")), 1);
            other.setTime(de.getTime());
            other.setSignature(de.getSignature());
            assertRefused(koine, other, "BAD_SIGNATURE");
            ModelUpdate one = updated(koine.await(koine.send(de)));
            trusted.require(one.getSignature(), Statement.of(one), Role.UPDATES);

            ExpertEvent retraction = signed(KoineHarness.retractEvent("ctc", "de"), Instant.now());
            updated(koine.await(koine.send(retraction)));
            Instant ahead = Instant.now().plusSeconds(1800).truncatedTo(ChronoUnit.MILLIS);
            updated(koine.await(
                    koine.send(signed(ExpertEvent.newBuilder(de).setRevision(2).build(), ahead))));
            assertThat(rejected(koine.await(koine.send(retraction))).getMessage())
                    .contains("sent again", "clock", "signed at " + ahead);
            assertRefused(koine, de, "BAD_SIGNATURE");
        }
    }

    @Test
    void withoutBeingRequiredOnlyAWrongSignatureOfATrustedKeyIsRefused() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory, signatures(SignaturePolicy.OFF, null))) {
            ModelRegistration registration =
                    KoineHarness.registration("ctc", Bundle.describe(Fixtures.ctc("base")), Recipe.PUBLISHED);
            registration.setSignature(pipeline.sign(new byte[0]));
            assertRefused(koine, registration, "BAD_SIGNATURE");
            registration.setSignature(stranger.sign(new byte[0]));
            assertThat(updated(koine.await(koine.send(registration))).getSignature())
                    .isNull();
        }
    }

    @Test
    void aServiceTakesOnlyWhatTheJobHasSigned() throws Exception {
        Path key = directory.resolve("job.key");
        job.write(key);
        BlockingQueue<RejectedException> refused = new LinkedBlockingQueue<>();
        try (KoineHarness koine = KoineHarness.start(directory, signatures(SignaturePolicy.OFF, key));
                ModelSubscriber<AutoCloseable> service = ModelSubscriber.<AutoCloseable>builder()
                        .consumerProperties(
                                Map.of("bootstrap.servers", koine.config.kafka().get("bootstrap.servers")))
                        .modelId("ctc")
                        .cacheDirectory(directory.resolve("cache"))
                        .loader(bundle -> () -> {})
                        .trustedKeys(trusted)
                        .listener(new SubscriberListener() {
                            @Override
                            public void onRejected(ModelUpdate update, RejectedException reason) {
                                refused.add(reason);
                            }
                        })
                        .start()) {
            ModelUpdate zero = updated(koine.register("ctc", Fixtures.ctc("base")));
            assertThat(service.awaitVersion(0, PATIENCE).version()).isZero();
            forge(
                    koine,
                    ModelUpdate.newBuilder(zero)
                            .setVersion(1)
                            .setSignature(null)
                            .build());
            assertThat(refused.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                            .code()
                            .name())
                    .isEqualTo("UNSIGNED");
            forge(koine, ModelUpdate.newBuilder(zero).setVersion(2).build());
            assertThat(refused.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                            .code()
                            .name())
                    .isEqualTo("BAD_SIGNATURE");
            ModelUpdate signedByAnother =
                    ModelUpdate.newBuilder(zero).setVersion(3).build();
            signedByAnother.setSignature(pipeline.sign(Statement.of(signedByAnother)));
            forge(koine, signedByAnother);
            assertThat(refused.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                            .code()
                            .name())
                    .isEqualTo("BAD_SIGNATURE");
            assertThat(service.current().orElseThrow().version()).isZero();
            updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de")));
        }
    }

    private static void forge(KoineHarness koine, ModelUpdate update) throws Exception {
        koine.publisher.publish(Topics.DEFAULT.updates(), "ctc", update, ModelUpdate.class);
    }

    private ExpertEvent signed(ExpertEvent event, Instant time) throws Exception {
        event.setTime(Instant.ofEpochMilli(time.toEpochMilli()));
        event.setSignature(pipeline.sign(Statement.of(event)));
        return event;
    }

    private static void assertRefused(KoineHarness koine, ModelRegistration event, String code) throws Exception {
        assertThat(rejected(koine.await(koine.send(event))).getCode()).isEqualTo(code);
    }

    private static void assertRefused(KoineHarness koine, ExpertEvent event, String code) throws Exception {
        assertThat(rejected(koine.await(koine.send(event))).getCode()).isEqualTo(code);
    }

    private UnaryOperator<JobSettings> signatures(SignaturePolicy policy, @Nullable Path key) throws IOException {
        Path keys = Files.write(directory.resolve("trusted"), trusted.lines());
        return settings -> {
            JobSettings trusting = settings.with(MergeJobOptions.SIGNATURES, policy)
                    .with(MergeJobOptions.TRUSTED_KEYS, keys.toString());
            return key == null ? trusting : trusting.with(MergeJobOptions.SIGNING_KEY, key.toString());
        };
    }
}
