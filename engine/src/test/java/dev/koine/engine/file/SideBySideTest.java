package dev.koine.engine.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class SideBySideTest {
    private final SideBySide<String> work = new SideBySide<>(Runnable::run);

    @Test
    void resultsComeInTheOrderOfBeginning() throws IOException {
        work.begin(() -> "a");
        work.begin(() -> "b");
        assertThat(work.await()).containsExactly("a", "b");
    }

    @Test
    void whatIsNoFaultOfTheWorkComesAsItIs() {
        work.begin(() -> {
            throw new OutOfMemoryError("no more");
        });
        assertThatThrownBy(work::await)
                .as(
                        "an error that became a runtime exception would be taken for a defect that the event brings to light")
                .isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void defectsComeAsTheyAre() {
        work.begin(() -> {
            throw new IllegalArgumentException("a defect");
        });
        assertThatThrownBy(work::await).isInstanceOf(IllegalArgumentException.class);
    }
}
