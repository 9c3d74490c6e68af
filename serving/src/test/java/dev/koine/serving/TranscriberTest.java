package dev.koine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.koine.speech.Features;
import dev.koine.speech.Task;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TranscriberTest {
    private final FakeServer server = new FakeServer();
    private final Transcriber transcriber = new Transcriber(server, () -> {});

    @Test
    void troubleOfOursIsTriedAgain() throws Exception {
        server.troubles.add(new IOException("once"));
        server.troubles.add(new IOException("twice"));
        assertThat(transcriber.transcribe(speech("de"))).isEqualTo(new Transcript("de", 7, "sha256:seven"));
        assertThat(server.asked).hasValue(3);
    }

    @Test
    void troubleThatStaysIsTold() {
        assertThatIOException()
                .isThrownBy(() -> transcriber.transcribe(speech("poison")))
                .withMessage("the runtime fails");
        assertThat(server.asked).hasValue(3);
    }

    @Test
    void speechThatAloneBringsTroubleIsRefused() throws Exception {
        transcriber.transcribe(speech("de"));
        assertThatExceptionOfType(RefusedSpeechException.class)
                .isThrownBy(() -> transcriber.transcribe(speech("poison")))
                .withMessageContaining("the runtime fails")
                .withMessageContaining("other speech is answered");
    }

    @Test
    void troubleWithAllSpeechIsNotBlamedOnOne() throws Exception {
        transcriber.transcribe(speech("de"));
        for (int i = 0; i < 4; i++) {
            server.troubles.add(new IOException("out of memory"));
        }
        assertThatIOException()
                .isThrownBy(() -> transcriber.transcribe(speech("fr")))
                .withMessage("out of memory");
    }

    @Test
    void whatTheModelRefusesIsAskedOnce() {
        server.troubles.add(new RefusedSpeechException("does not fit"));
        assertThatExceptionOfType(RefusedSpeechException.class)
                .isThrownBy(() -> transcriber.transcribe(speech("de")))
                .withMessage("does not fit");
        assertThat(server.asked).hasValue(1);
    }

    @Test
    void whatIsNoNumberIsNotAskedAtAll() {
        Features damaged = new Features(new float[] {0, Float.NEGATIVE_INFINITY}, 1, 2);
        assertThatExceptionOfType(RefusedSpeechException.class)
                .isThrownBy(() -> transcriber.transcribe(damaged, "de", Task.TRANSCRIBE))
                .withMessageContaining("Value 1")
                .withMessageContaining("-Infinity");
        assertThat(server.asked).hasValue(0);
    }

    @Test
    void aClosedShareAnswersNothing() {
        transcriber.close();
        assertThatIllegalStateException().isThrownBy(() -> transcriber.transcribe(speech("de")));
        assertThat(server.asked).hasValue(0);
    }

    private static Speech speech(String language) {
        return Speech.of(new float[] {1, 2}, 1, language);
    }
}
