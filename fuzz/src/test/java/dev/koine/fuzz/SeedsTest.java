package dev.koine.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every seed, and whatever fuzzing once found, goes through its target. */
@Timeout(600)
class SeedsTest {
    @ParameterizedTest
    @EnumSource
    void noSeedIsAFinding(Target target) throws Exception {
        assertThat(target.seedFiles()).isNotEmpty();
        for (Path seed : target.seedFiles()) {
            try {
                target.run(Files.readAllBytes(seed));
            } catch (Throwable e) {
                throw new AssertionError(seed + " is a finding", e);
            }
        }
    }
}
