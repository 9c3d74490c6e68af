package dev.koine.lifecycle.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.flink.state.InboundEvent;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RejectionsTest {
    @Test
    void aRejectionNamesItsExpertOnce() {
        RejectedException plain = new RejectedException(RejectionCode.NON_FINITE, "Tensor w is NaN.");
        assertThat(message("de", plain)).isEqualTo("Expert 'de': Tensor w is NaN.");
        RejectedException named = new RejectedException(RejectionCode.DUPLICATE, "Expert 'de' is inside already.");
        assertThat(message("de", named)).isEqualTo("Expert 'de' is inside already.");
        assertThat(message("de", plain.about(Input.expert("de", "file:///de/"))))
                .isEqualTo("Expert 'de' (file:///de/): Tensor w is NaN.");
        assertThat(message(null, plain.about(Input.base("file:///b/"))))
                .isEqualTo("The base (file:///b/): Tensor w is NaN.");
    }

    @Test
    void theInnermostInputIsTheOneThatIsNamed() {
        RejectedException plain = new RejectedException(RejectionCode.NON_FINITE, "Not a number.");
        RejectedException named = plain.about(Input.evaluationSet("file:///s/")).about(Input.base("file:///b/"));
        assertThat(named).hasMessage("The evaluation set (file:///s/): Not a number.");
        assertThat(named.code()).isEqualTo(RejectionCode.NON_FINITE);
    }

    private static String message(@Nullable String expertId, RejectedException reason) {
        InboundEvent event = InboundEvent.newBuilder()
                .setTopic("koine.experts")
                .setPartition(0)
                .setOffset(1)
                .setTimestamp(0)
                .setKey(null)
                .setValue(ByteBuffer.allocate(1))
                .build();
        return Rejections.of(event, expertId, Stage.PRUNE, reason, Instant.EPOCH)
                .getMessage();
    }
}
