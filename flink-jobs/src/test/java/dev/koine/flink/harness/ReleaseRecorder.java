package dev.koine.flink.harness;

import static dev.koine.flink.harness.KoineHarness.updated;

import dev.koine.engine.store.Bundle;
import dev.koine.schemas.Topics;
import dev.koine.testkit.TinyModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Records what a job of this commit leaves behind, for the jobs of later ones to go on from: see the README beside the recordings.
 *
 * <p>Two models with experts inside, one retracted and one replaced; an expert that waits for a model that nobody has registered;
 * and a burst of experts, of which the savepoint catches some between Intake and Head.
 */
public final class ReleaseRecorder {
    public static final List<String> TOPICS = List.of(
            Topics.DEFAULT.models(), Topics.DEFAULT.experts(), Topics.DEFAULT.updates(), Topics.DEFAULT.rejections());

    private static final Duration FOR_EVER = Duration.ofDays(36_500);
    private static final int BURST = 3;
    private static final int ATTEMPTS = 40;

    /** A transaction that the broker is still to commit; no other broker knows it. */
    private static final Pattern COMMITTABLE = Pattern.compile("koine-(updates|rejections)-\\d+-\\d+");

    private ReleaseRecorder() {}

    /** @param args the folder to record to, which is made */
    public static void main(String[] args) throws Exception {
        Path target = Path.of(args[0]);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Path root = Replacement.folderBelow(Files.createTempDirectory("koine"));
            Set<String> caught = run(root, 5 * attempt);
            System.out.println("Attempt " + attempt + " caught " + caught);
            if (!caught.isEmpty()) {
                Replacement replacement = new Replacement(root.toString(), Replacement.NOWHERE);
                for (String kept : List.of("inputs", "store", "topics")) {
                    replacement.copy(root.resolve(kept), target.resolve(kept));
                }
                replacement.copy(root.resolve("flink").resolve("savepoints"), target.resolve("savepoints"));
                return;
            }
        }
        throw new IllegalStateException("No savepoint caught an expert between Intake and Head; try again.");
    }

    /** Returns those of the burst that the savepoint holds; none if it holds a transaction too. */
    private static Set<String> run(Path root, long delayMillis) throws Exception {
        Path inputs = root.resolve("inputs");
        Path base = TinyModel.base(inputs.resolve("base"));
        Path de = TinyModel.expert(inputs.resolve("de"), 2);
        Path de2 = TinyModel.expert(inputs.resolve("de-2"), 3);
        Path fr = TinyModel.expert(inputs.resolve("fr"), 4);
        Path es = TinyModel.expert(inputs.resolve("es"), 5);
        Replacement replacement = new Replacement(root.toString(), Replacement.NOWHERE);
        Set<String> caught = new HashSet<>();
        try (KoineHarness koine = KoineHarness.start(root, FOR_EVER)) {
            updated(koine.register("one", base));
            updated(koine.merge("one", "de", 1, de));
            updated(koine.merge("one", "fr", 1, fr));
            updated(koine.merge("one", "es", 1, es));
            updated(koine.retract("one", "es"));
            updated(koine.merge("one", "de", 2, de2));
            updated(koine.register("two", base));
            updated(koine.merge("two", "es", 1, Bundle.describe(es), 0.5));
            koine.send(KoineHarness.mergeEvent("three", "fr", 1, Bundle.describe(fr), 1));
            awaitCommitted(koine, 8);
            for (int i = 0; i < BURST; i++) {
                String id = "burst-" + i;
                koine.send(KoineHarness.mergeEvent("one", id, 1, Bundle.describe(es), 0.01 * (i + 1)));
                caught.add(id);
            }
            Thread.sleep(delayMillis);
            koine.job.close();
            koine.all()
                    .forEach(
                            outcome -> caught.remove(updated(outcome).getCause().getExpertId()));
            String savepoint = savepoint(root);
            caught.removeIf(id -> !savepoint.contains(id));
            if (COMMITTABLE.matcher(savepoint).find()) {
                caught.clear();
            }
            for (String topic : TOPICS) {
                RecordedTopic.fetch(koine.config.kafkaProperties(), topic).write(root.resolve("topics"), replacement);
            }
        }
        return caught;
    }

    /** Waits until so many outcomes are read and a checkpoint after them has left nothing to commit. */
    private static void awaitCommitted(KoineHarness koine, int outcomes) throws Exception {
        koine.awaitAll(outcomes);
        Instant read = Instant.now();
        while (koine.job
                .lastCheckpoint()
                .filter(last -> last.triggered().isAfter(read))
                .isEmpty()) {
            Thread.sleep(10);
        }
    }

    private static String savepoint(Path root) throws IOException {
        StringBuilder bytes = new StringBuilder();
        try (Stream<Path> tree = Files.walk(root.resolve("flink").resolve("savepoints"))) {
            for (Path file : tree.filter(Files::isRegularFile).toList()) {
                bytes.append(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        return bytes.toString();
    }
}
