package dev.koine.subscriber.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationSetTest {
    @TempDir
    Path directory;

    @BeforeEach
    void writeFeatures() throws Exception {
        byte[] header = """
                {"a":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]},
                 "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""".getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .array());
        file.write(header);
        file.write(new byte[] {0, 0x3C, 0, (byte) 0xC0, 0, 0, 0, 0, 0, 0, 0, 0});
        Files.write(directory.resolve("features.safetensors"), file.toByteArray());
    }

    @Test
    void sharesARecordingBetweenTasks() throws Exception {
        references("""
                {"id": "a", "language": "de", "task": "transcribe", "text": "drei"}

                {"id": "a", "language": "de", "task": "TRANSLATE", "text": "three", "speaker": 7}
                """);
        EvaluationSet set = EvaluationSet.read(directory);
        assertThat(set.utterances()).extracting(Utterance::task).containsExactly(Task.TRANSCRIBE, Task.TRANSLATE);
        Features features = set.utterances().get(0).features();
        assertThat(features.values()).containsExactly(1f, -2f);
        assertThat(features.rows()).isEqualTo(2);
        assertThat(set.utterances().get(1).features()).isSameAs(features);
        assertThat(set.where(utterance -> utterance.task() == Task.TRANSLATE).utterances())
                .extracting(Utterance::text)
                .containsExactly("three");
    }

    @Test
    void saysWhichLineCannotBeUsed() throws Exception {
        assertUnusable("{\"id\": \"c\"}", "Line 1", "no recording c");
        assertUnusable("\n{\"id\": \"b\"}", "Line 2", "where a matrix is needed");
        assertUnusable("{\"id\": \"a\", \"language\": \"de\", \"task\": \"sing\", \"text\": \"\"}", "no task 'sing'");
        assertUnusable("{\"id\": \"a\", \"language\": \"de\", \"task\": \"transcribe\"}", "no text 'text'");
        assertUnusable("{", "Line 1");
    }

    private void assertUnusable(String references, String... says) throws Exception {
        references(references);
        assertThatIOException().isThrownBy(() -> EvaluationSet.read(directory)).withMessageContainingAll(says);
    }

    private void references(String lines) throws Exception {
        Files.writeString(directory.resolve("references.jsonl"), lines);
    }
}
