package dev.koine.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RunTest {

    @Test
    void runsCoverEveryElementOnceAndTheLastOneIsShorter() {
        assertThat(Run.cut(7, 3)).containsExactly(new Run(0, 3), new Run(3, 3), new Run(6, 1));
        assertThat(Run.cut(6, 3)).containsExactly(new Run(0, 3), new Run(3, 3));
        assertThat(Run.cut(0, 3)).isEmpty();
        assertThat(Run.chunks(Run.CHUNK + 1L)).containsExactly(new Run(0, Run.CHUNK), new Run(Run.CHUNK, 1));
    }

    @Test
    void aTensorMayHaveMoreElementsThanAnArray() {
        Run last = new Run(0, 0);
        for (Run run : Run.cut(1L << 32 | 5, 1 << 30)) {
            last = run;
        }
        assertThat(last).isEqualTo(new Run(1L << 32, 5));
        assertThatThrownBy(last::at).isInstanceOf(ArithmeticException.class);
    }
}
