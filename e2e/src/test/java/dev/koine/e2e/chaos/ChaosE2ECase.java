package dev.koine.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.demo.BrokenExpert;
import dev.koine.e2e.LocalCluster;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.OutcomeReader;
import dev.koine.objectstore.ObjectBundles;
import dev.koine.schemas.Topics;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import dev.koine.testkit.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Koine in separate processes, while these are killed and paused at random moments and the store breaks: nothing is lost, nothing
 * happens twice. {@code -Dchaos.seed} chooses the moments and the events, {@code -Dchaos.faults} says how many faults; the profile
 * {@code chaos} has the full number. {@code -Dflink.home} names a Flink distribution to run the job's jar on. What happened is printed,
 * and kept in {@code target/chaos}. Both stores are broken at a time: most of it is waiting for what was killed to be missed.
 */
@Timeout(3600)
@Execution(ExecutionMode.CONCURRENT)
class ChaosE2ECase {
    private static final long SEED = Long.getLong("chaos.seed", 1);
    private static final int FAULTS = Integer.getInteger("chaos.faults", 6);
    private static final String FLINK = System.getProperty("flink.home", "");
    private static final int PENDING = 6;
    private static final long PAUSE_MILLIS = 700;
    private static final long DRAIN_SECONDS = 900;
    private static final int DISK_MEGABYTES = 400;

    /** The job looks for garbage all the time, with little grace; the audit wants all versions, so these stay. */
    private static final List<String> COLLECTOR =
            List.of("retention.versions=100000", "retention.grace=15s", "gc.interval=10s");

    @Test
    void nothingIsLostAndNothingHappensTwiceOnALocalDisk() throws Exception {
        Path directory = fresh("disk");
        try (SmallDisk disk = SmallDisk.at(directory.resolve("small-disk"), DISK_MEGABYTES)) {
            if (!disk.canBeFilled()) {
                System.out.println("Not run: filling the store's disk, since this process may not mount one.");
            }
            run(directory, disk, bundle -> {
                BundleVerifier.verify(bundle, bundle.directory());
                OnnxSessions.open(bundle.directory(), OnnxOptions.DEFAULT).close();
            });
        }
    }

    @Test
    @DisabledForJreRange(minVersion = 24, disabledReason = "Flink's S3 plugin does not run there")
    void nothingIsLostAndNothingHappensTwiceInS3() throws Exception {
        Path directory = fresh("s3");
        try (FaultyS3 s3 = FaultyS3.in(directory.resolve("s3"))) {
            run(directory, s3, bundle -> {
                s3.initializeFileSystems();
                Path copy = directory.resolve("copy");
                BundleVerifier.copyVerified(bundle, new ObjectBundles(), copy);
                OnnxSessions.open(copy, OnnxOptions.DEFAULT).close();
                FileTree.delete(copy);
            });
        }
    }

    private static Path fresh(String name) throws Exception {
        Path directory = Path.of("target", "chaos", name + "-" + SEED).toAbsolutePath();
        FileTree.delete(directory);
        return Files.createDirectories(directory);
    }

    private static void run(Path directory, FaultyStore store, Audit.BundleCheck check) throws Exception {
        Path experts = directory.resolve("experts");
        Path broken = experts.resolve("diverged");
        BrokenExpert.make(Fixtures.ctc("de"), broken);
        List<String> processes = Stream.of(
                        List.of(LocalCluster.ZOOKEEPER, LocalCluster.BROKER, LocalCluster.JOBMANAGER),
                        LocalCluster.TASKMANAGERS,
                        List.of(LocalCluster.SERVICE))
                .flatMap(List::stream)
                .toList();
        Instant began = Instant.now();
        Ledger ledger = new Ledger();
        Tally tally = new Tally();
        Audit audit;
        ServiceLog service;
        Storm storm;
        List<String> options = new ArrayList<>(store.clusterOptions());
        if (!FLINK.isEmpty()) {
            options.addAll(List.of("--flink", FLINK));
        }
        for (String option : COLLECTOR) {
            options.addAll(List.of("--job-option", option));
        }
        options.addAll(List.of(
                "--allow", Fixtures.CTC.toString(),
                "--allow", experts.toString(),
                "--store", store.uri(),
                "--model", Workload.MODELS.get(0)));
        try (LocalCluster cluster = LocalCluster.in(directory.resolve("cluster"), store.environment())) {
            cluster.start(options.toArray(new String[0]));
            cluster.start(LocalCluster.SERVICE);
            try (Storm raging = new Storm(cluster, processes);
                    Pipeline pipeline =
                            new Pipeline(new Workload(SEED, broken), ledger, cluster.kafka(), PENDING, PAUSE_MILLIS)) {
                storm = raging;
                for (int i = 0; i < 3000 && ledger.outcomes().size() < 4; i++) {
                    Thread.sleep(200);
                    pipeline.requireFine();
                }
                raging.rage(new Faults(SEED, cluster, store), FAULTS, ledger);
                assertThat(pipeline.drain(DRAIN_SECONDS))
                        .as("events that came to nothing; seed %d", SEED)
                        .isZero();
                try (OutcomeReader reader = new OutcomeReader(cluster.kafka(), Topics.DEFAULT)) {
                    audit = new Audit(ledger.sent(), reader.readAll());
                }
                service = awaitService(cluster, audit.newestVersion(Workload.MODELS.get(0)));
            }
        }
        store.requireNoSecret(directory.resolve("cluster"));
        Duration took = Duration.between(began, Instant.now());
        Map<String, String> digests = audit.finalDigests();
        tally.line(
                "Seed %d: %d faults in %d s, store at %s.", SEED, storm.struck().size(), took.toSeconds(), store.uri());
        tally.faults(storm.struck(), ledger.outcomes());
        tally.recoveries(storm.recoveries());
        tally.line("Ended by themselves and started again: %s.", storm.restarts());
        tally.line(
                "%d events: %d updates, rejections %s.",
                ledger.sent().size(), audit.updates(), audit.rejectionsByCode());
        tally.line(
                "The service answered %d calls in %d starts; %d failed.",
                service.answered(), service.starts(), service.failed());
        tally.line("Final digests: %s.", digests);
        keep(directory, tally);

        audit.eachEventEndedOnce();
        audit.versionsAreGapless();
        try (Models models = new Models(Files.createDirectories(directory.resolve("offline")))) {
            audit.digestsAreThoseOfOfflineMerges(models);
        }
        tally.line(
                "%d different bundles were announced; each is whole and loads.",
                audit.everyVersionExistsAndLoads(check));
        tally.line("The whole store: %s.", store.check(directory));
        assertThat(service.failed()).as("failed calls").isZero();
        assertThat(FaultFreeRun.finalDigests(
                        directory.resolve("fault-free"), experts, ledger.sent().values()))
                .as("digests without faults")
                .isEqualTo(digests);
        tally.line("The same events without faults gave the same final digests.");
        keep(directory, tally);
        System.out.println(tally);
    }

    private static ServiceLog awaitService(LocalCluster cluster, long version) throws Exception {
        ServiceLog log = ServiceLog.read(cluster.log(LocalCluster.SERVICE));
        for (int i = 0; i < 1500 && log.version() < version; i++) {
            Thread.sleep(200);
            log = ServiceLog.read(cluster.log(LocalCluster.SERVICE));
        }
        assertThat(log.version())
                .as("version that serves in the end: %s", ServiceLog.tail(cluster.log(LocalCluster.SERVICE)))
                .isEqualTo(version);
        return log;
    }

    private static void keep(Path directory, Tally tally) throws Exception {
        Files.writeString(directory.resolve("tally.txt"), tally.toString());
    }
}
