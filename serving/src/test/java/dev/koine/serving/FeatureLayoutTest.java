package dev.koine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.koine.speech.Features;
import dev.koine.testkit.Fixtures;
import org.junit.jupiter.api.Test;

class FeatureLayoutTest {
    private static final float[] SIX = {1, 2, 3, 4, 5, 6};

    @Test
    void eachArchitectureHasItsOwn() throws Exception {
        assertThat(FeatureLayout.of(Fixtures.ctc("base"))).isEqualTo(FeatureLayout.FRAMES_FIRST);
        assertThat(FeatureLayout.of(Fixtures.whisper("base"))).isEqualTo(FeatureLayout.MELS_FIRST);
    }

    @Test
    void framesAreRowsOrColumns() {
        assertThat(FeatureLayout.FRAMES_FIRST.matrix(SIX, 2)).isEqualTo(new Features(SIX, 2, 3));
        assertThat(FeatureLayout.MELS_FIRST.matrix(SIX, 2)).isEqualTo(new Features(SIX, 3, 2));
    }

    @Test
    void valuesThatAreNotSoManyFramesAreNoSpeech() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FeatureLayout.FRAMES_FIRST.matrix(SIX, 4))
                .withMessageContaining("6 values are not 4 frames");
        assertThatIllegalArgumentException().isThrownBy(() -> FeatureLayout.FRAMES_FIRST.matrix(SIX, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> FeatureLayout.MELS_FIRST.matrix(new float[0], 1));
    }
}
