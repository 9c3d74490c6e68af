package dev.koine.speech.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.speech.Features;
import dev.koine.speech.Task;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
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
                 "b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]}}""".getBytes(StandardCharsets.UTF_8);
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
        Recording recording = set.utterances().get(0).recording();
        assertThat(set.utterances().get(1).recording()).isEqualTo(recording);
        try (Recordings recordings = new Recordings()) {
            Features features = recordings.read(recording);
            assertThat(features.values()).containsExactly(1f, -2f);
            assertThat(features.rows()).isEqualTo(2);
        }
        assertThat(set.where(utterance -> utterance.task() == Task.TRANSLATE).utterances())
                .extracting(Utterance::text)
                .containsExactly("three");
    }

    @Test
    void saysWhichLineCannotBeUsed() throws Exception {
        String good = "{\"id\": \"a\", \"language\": \"de\", \"task\": \"transcribe\", \"text\": \"x\"}";
        assertRefused(
                "{\"id\": \"c\", \"language\": \"de\", \"task\": \"transcribe\", \"text\": \"\"}", "Line 1", "'c'");
        assertRefused(good.replace("transcribe", "sing"), "the task 'sing'");
        assertRefused("\n" + good.replace("\"de\"", "\"../de\""), "Line 2", "no BCP 47 tag");
        assertRefused("{\"id\": \"a\", \"language\": \"de\", \"task\": \"transcribe\"}", "no text 'text'");
        assertRefused(good + "\n" + good, "Line 2", "a second text");
        assertRefused(good + "\n" + good.replace("transcribe", "translate").replace("de", "fr"), "a line before in de");
        assertRefused("{", "Line 1", "is not JSON");
        assertRefused("", "has no text");
    }

    @Test
    void whatIsTooLargeIsRefused() throws Exception {
        references("{\"id\": \"a\", \"language\": \"de\", \"task\": \"transcribe\", \"text\": \"abcdef\"}");
        for (EvaluationLimits limits : List.of(
                new EvaluationLimits(100, 10, 10, 10),
                new EvaluationLimits(10_000, 10, 5, 10),
                new EvaluationLimits(10_000, 10, 10, 1))) {
            assertThat(catchThrowableOfType(RejectedException.class, () -> EvaluationSet.read(directory, limits))
                            .code())
                    .isEqualTo(RejectionCode.TOO_LARGE);
        }
        references("{\"id\": \"a\", \"language\": \"de\", \"task\": \"transcribe\", \"text\": \"\"}\n".repeat(2));
        assertThat(catchThrowableOfType(
                                RejectedException.class,
                                () -> EvaluationSet.read(directory, new EvaluationLimits(10_000, 1, 10, 10)))
                        .code())
                .isIn(RejectionCode.TOO_LARGE, RejectionCode.INVALID_EVENT);
    }

    @Test
    void aSampleDependsOnSeedAndIdsAlone() {
        List<Utterance> utterances = new ArrayList<>();
        for (String language : List.of("de", "fr")) {
            for (int i = 0; i < 20; i++) {
                Recording recording = new Recording(directory, language + i, 2, 1, 8);
                for (Task task : Task.values()) {
                    utterances.add(new Utterance(recording, language, task, "text " + i));
                }
            }
        }
        EvaluationSet drawn = new EvaluationSet(utterances).sample(5, 7);
        Collections.shuffle(utterances, new Random(1));
        assertThat(new EvaluationSet(utterances).sample(5, 7)).isEqualTo(drawn);
        assertThat(drawn.utterances()).hasSize(5 * 2 * Task.values().length);
        assertThat(new EvaluationSet(utterances)
                        .where(u -> u.language().equals("fr"))
                        .sample(5, 7)
                        .utterances())
                .isEqualTo(drawn.where(u -> u.language().equals("fr")).utterances());
        assertThat(new EvaluationSet(utterances).sample(6, 7).utterances()).containsAll(drawn.utterances());
        assertThat(new EvaluationSet(utterances).sample(5, 8)).isNotEqualTo(drawn);
    }

    @Test
    void aPointerOfGitLfsIsNoSet() throws Exception {
        Files.writeString(directory.resolve("features.safetensors"), "version https://git-lfs.github.com/spec/v1\n");
        references("{}");
        assertThatThrownBy(() -> EvaluationSet.read(directory))
                .isInstanceOf(RejectedException.class)
                .hasMessageContainingAll("'features.safetensors' is a Git LFS pointer", "git lfs pull");
    }

    private void assertRefused(String references, String... says) throws Exception {
        references(references);
        assertThatThrownBy(() -> EvaluationSet.read(directory))
                .isInstanceOf(RejectedException.class)
                .hasMessageContainingAll(says);
    }

    private void references(String lines) throws Exception {
        Files.writeString(directory.resolve("references.jsonl"), lines);
    }
}
