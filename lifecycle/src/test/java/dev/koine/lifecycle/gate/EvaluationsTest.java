package dev.koine.lifecycle.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is evaluated, and what is known already. */
class EvaluationsTest {
    @TempDir
    private Path directory;

    private GatedStream stream;

    @BeforeEach
    void start() throws Exception {
        GatePolicy policy = GatePolicy.newBuilder()
                .setMode(GateMode.ENFORCE.name())
                .setConfidence(0.95)
                .setAgainst(List.of("BASE", "BEST"))
                .build();
        stream = new GatedStream(directory, policy, Map.of("en", 100, "aa", 250));
    }

    @Test
    void theSameBytesAreEvaluatedOnce() throws Exception {
        GateReport base = stream.newest().getGate();
        GateReport isProtected = stream.protect("en", Map.of());
        assertThat(stream.evaluated()).as("the base alone").isOne();
        assertThat(isProtected.getScores().get(1).getAfter())
                .isEqualTo(base.getScores().get(1).getAfter());
        stream.merge("aa", Map.of("aa", 200));
        assertThat(stream.evaluated()).isEqualTo(2);
        GateReport back = stream.retract("aa", Map.of());
        assertThat(stream.evaluated()).as("what the retraction leads back to").isEqualTo(2);
        assertThat(GatedStream.score(back, "aa").getBefore().getError()).isEqualTo(0.4);
        assertThat(GatedStream.score(back, "aa").getAfter().getError()).isEqualTo(0.5);
        assertThat(GatedStream.score(back, "aa").getGrowth().getLow()).isGreaterThan(0.05);
    }

    @Test
    void aStartForgetsThem() throws Exception {
        stream.restart();
        GateReport isProtected = stream.protect("en", Map.of());
        assertThat(stream.evaluated()).as("the parent, which the candidate is").isOne();
        assertThat(isProtected.getPassed()).isTrue();
    }

    @Test
    void whatWasRefusedIsEvaluatedAgain() throws Exception {
        assertThat(stream.merge("aa", Map.of("aa", 350)).getPassed()).isFalse();
        assertThat(stream.merge("aa", Map.of("aa", 350)).getPassed()).isFalse();
        assertThat(stream.evaluated()).isEqualTo(3);
    }
}
