package dev.koine.lifecycle.version;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.total.Written;
import dev.koine.lifecycle.gate.Standings;
import dev.koine.schemas.Bundle;
import dev.koine.testkit.Updates;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TransitionTest {
    private static final Written RAISED = new Written(0, 0, 3);

    @Test
    void aVersionThatOlderReleasesMadeOtherwiseIsNoDamage() {
        Transition back = transition("sha256:a");
        assertThatCode(() -> back.requireMadeAgain("sha256:a", RAISED)).doesNotThrowAnyException();
        assertThatThrownBy(() -> back.requireMadeAgain("sha256:b", RAISED))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("3 variances are below a sixteenth");
        assertThatThrownBy(() -> back.requireMadeAgain("sha256:b", Written.NOTHING))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("store is damaged");
        assertThatCode(() -> transition(null).requireMadeAgain("sha256:b", RAISED))
                .doesNotThrowAnyException();
    }

    private static Transition transition(@org.jspecify.annotations.Nullable String again) {
        return new Transition(
                new Contents(List.of()),
                model -> {},
                model -> {},
                null,
                policy -> Standings.staying(policy, List.of()),
                false,
                again == null ? null : Updates.of("m", 1, again, new Bundle("file:///store/", List.of())));
    }
}
