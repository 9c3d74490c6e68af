package dev.koine.e2e.services;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.file.FileTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Services that follow a model, while they, the broker and the store are killed, paused, left without room and broken: no call fails, nobody sees a part of a
 * version, every service ends on the newest good one, and none goes back without a reason on {@code koine.services}. {@code -Dchaos.seed} chooses the
 * faults, {@code -Dservices.faults} says how many; the profile {@code chaos} has 200. What happened is printed, and kept in {@code target/chaos}.
 */
@Timeout(3600)
class ServicesChaosE2ECase {
    private static final long SEED = Long.getLong("chaos.seed", 1);
    private static final int FAULTS = Integer.getInteger("services.faults", 25);

    @Test
    void noCallFailsNoHalfVersionIsSeenAndAllEndOnTheNewestGoodOne() throws Exception {
        Path directory = Path.of("target", "chaos", "services-" + SEED).toAbsolutePath();
        FileTree.delete(directory);
        Files.createDirectories(directory);
        Instant began = Instant.now();
        StringBuilder tally = new StringBuilder();
        try (Rig rig = new Rig(directory)) {
            if (!rig.hasPython()) {
                tally.append(
                        "Not run: the service in Python, since neither KOINE_PYTHON nor python3 has what clients/python needs.\n");
            }
            if (rig.clocks.isEmpty()) {
                tally.append("Not run: jumps of the clock, since there is no C compiler here.\n");
            }
            try (Barrage barrage = new Barrage(rig, SEED)) {
                barrage.rage(new ServiceFaults(SEED, rig, barrage::hurry), FAULTS);
                refusedByAll(rig);
                barrage.requireFine();
                tally.append(ServicesTally.of(SEED, rig, barrage, Duration.between(began, Instant.now())));
            }
            System.out.println(tally);
            Files.writeString(directory.resolve("tally.txt"), tally);
            audit(rig);
        }
    }

    /** The last version of all answers nonsense: everybody says so, and goes on with the one before. */
    private static void refusedByAll(Rig rig) throws Exception {
        long good = rig.publisher.newestGood();
        long bad = rig.publisher.publish(Content.NONSENSE);
        String refusal = bad + " NOT_LOADABLE";
        for (int i = 0; i < 6000 && !(isRefused(rig, bad, refusal) && allServe(rig, good)); i++) {
            Thread.sleep(100);
        }
        assertThat(isRefused(rig, bad, refusal))
                .as("version %d is refused by all\n%s", bad, rig.tails())
                .isTrue();
        assertThat(allServe(rig, good))
                .as("all serve %d: %s\n%s", good, rig.serving(), rig.tails())
                .isTrue();
    }

    /** In fact, and by what they say; an older version that answers nonsense may still have to be tried. */
    private static boolean allServe(Rig rig, long version) throws Exception {
        Reasons reasons = Reasons.read(rig.kafka());
        return rig.serving().values().stream().allMatch(serves -> serves == version)
                && reasons.serves(Rig.EMBEDDED) == version
                && reasons.serves(Rig.FOLLOWER) == version;
    }

    private static boolean isRefused(Rig rig, long bad, String refusal) throws Exception {
        Reasons reasons = Reasons.read(rig.kafka());
        return reasons.tells(Rig.EMBEDDED, bad)
                && reasons.tells(Rig.FOLLOWER, bad)
                && (!rig.hasPython() || rig.pythonCalls.refused().contains(refusal));
    }

    private static void audit(Rig rig) throws Exception {
        for (Calls calls : List.of(rig.embeddedCalls, rig.pythonCalls)) {
            assertThat(calls.failures()).as("failed calls").isEmpty();
            assertThat(calls.back()).as("swapped for an older one").isEmpty();
        }
        assertThat(rig.reader.wrong()).as("what a server saw in the folder").isEmpty();
        Reasons reasons = Reasons.read(rig.kafka());
        assertThat(rig.reader.back())
                .as("versions that the link was taken from without a reason on koine.services")
                .allMatch(back -> reasons.tells(Rig.FOLLOWER, back.version())
                        || rig.process(Rig.FOLLOWER).wasKilledSoonAfter(back.lastSeen()));
        try (Stream<Path> versions = Files.list(rig.served().resolve("versions"))) {
            List<Path> all = versions.toList();
            assertThat(all).hasSizeLessThanOrEqualTo(3);
            for (Path version : all) {
                Content.read(version);
            }
        }
    }
}
