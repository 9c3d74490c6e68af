package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.EventPublisher;
import dev.koine.events.ServiceReports;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.ServiceFailure;
import dev.koine.schemas.ServiceReport;
import dev.koine.schemas.Topics;
import dev.koine.testkit.Updates;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Properties;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What services report, as others read it. */
class ServiceReporterITCase {
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);

    private static final Duration SOON = Duration.ofMinutes(2);
    private static final Duration AGES = Duration.ofMinutes(10);

    @TempDir
    private Path directory;

    private final Properties kafka = new Properties();

    @Test
    void saysWhatServesAndWhatDidNot() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            kafka.put("bootstrap.servers", broker.bootstrapServers());
            assertThat(ServiceReports.newest(kafka, null))
                    .as("there is no topic yet")
                    .isEmpty();
            Announcer.createTopic(broker, Topics.SERVICES);
            try (ServiceReporter reporter = reporter("asr-1");
                    ServiceReporter other = reporter("asr-2")) {
                assertThat(await(report -> report.getVersion() == null).getFailures())
                        .isEmpty();
                ServedVersion served = served(3);
                reporter.onServed(served);
                ServiceReport report = await(found -> found.getVersion() != null);
                assertThat(report)
                        .isEqualTo(ServiceReport.newBuilder()
                                .setService("asr-1")
                                .setModelId("demo")
                                .setVersion(3L)
                                .setDigest(served.digest())
                                .setSince(served.since())
                                .setTime(NOW)
                                .build());
                reporter.reopen();
                reporter.onRejected(
                        update(4), new RejectedException(RejectionCode.NOT_LOADABLE, "It answers nonsense."));
                for (int i = 0; i < 3; i++) {
                    reporter.onTrouble("The updates cannot be followed", new IOException("no route"));
                }
                report = await(found -> found.getFailures().size() == 2
                        && found.getFailures().get(1).getTimes() == 3);
                assertThat(report.getFailures())
                        .containsExactly(
                                new ServiceFailure("REFUSED", 4L, "It answers nonsense.", 1L, NOW),
                                new ServiceFailure(
                                        "TROUBLE", null, "The updates cannot be followed: no route", 3L, NOW));
                assertThat(report.getVersion()).as("what serves goes on").isEqualTo(3);
                for (int version = 10; version < 20; version++) {
                    reporter.onRejected(
                            update(version), new RejectedException(RejectionCode.NOT_LOADABLE, "x".repeat(5000)));
                }
                report = await(found -> hasVersion(found, 19));
                assertThat(report.getFailures()).hasSize(5);
                assertThat(report.getFailures())
                        .allSatisfy(failure -> assertThat(failure.getReason()).hasSizeLessThan(1100));
                other.onServed(served(2));
            }
            assertThat(await(ServiceReport::getEnded).getVersion()).isEqualTo(3);
            try (EventPublisher publisher = new EventPublisher(kafka)) {
                publisher.publish(Topics.SERVICES, "demo/x", new byte[] {1, 2, 3});
            }
            assertThat(ServiceReports.newest(kafka, null))
                    .extracting(ServiceReport::getService)
                    .containsExactly("asr-1", "asr-2");
        }
    }

    private static boolean hasVersion(ServiceReport report, long version) {
        return report.getFailures().stream()
                .anyMatch(failure -> failure.getVersion() != null && failure.getVersion() == version);
    }

    @Test
    void aBrokerThatIsAwayHoldsNobodyUp() {
        kafka.put("bootstrap.servers", "127.0.0.1:1");
        kafka.put("max.block.ms", Long.toString(AGES.toMillis()));
        kafka.put("delivery.timeout.ms", Long.toString(AGES.toMillis()));
        long begun = System.nanoTime();
        try (ServiceReporter reporter = reporter("asr-1")) {
            reporter.onServed(served(1));
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .as("neither the report nor the last word is waited for until it is given up")
                .isLessThan(AGES.dividedBy(2));
    }

    @Test
    void twoServicesCannotBeCalledAnything() {
        kafka.put("bootstrap.servers", "127.0.0.1:1");
        for (String name : List.of("", "a/b", "-a", "a b", "x".repeat(101))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> reporter(name))
                    .withMessageContaining("such as asr-1");
        }
    }

    private ServiceReporter reporter(String service) {
        return new ServiceReporter(kafka, "demo", service, InstantSource.fixed(NOW));
    }

    private static ModelUpdate update(long version) {
        return Updates.of("demo", version, "sha256:" + "1".repeat(64), new Bundle("file:///nowhere/", List.of()));
    }

    private ServedVersion served(long version) {
        return new ServedVersion(update(version), directory, NOW);
    }

    private ServiceReport await(Predicate<ServiceReport> condition) throws Exception {
        for (long end = System.nanoTime() + SOON.toNanos(); System.nanoTime() < end; ) {
            for (ServiceReport report : ServiceReports.newest(kafka, null)) {
                if (report.getService().equals("asr-1") && condition.test(report)) {
                    return report;
                }
            }
            Thread.sleep(50);
        }
        throw new AssertionError("No such report: " + ServiceReports.newest(kafka, null));
    }
}
