package dev.koine.lifecycle.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.ShortFileException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of trouble: the input's is refused, ours is thrown on and tried again. */
class FaultsTest {
    private static final List<Path> PLACES = List.of(Path.of("/experts/de"));

    @Test
    void makesADefectARejectionThatNamesTheInput() {
        RejectedException refused = catchThrowableOfType(
                RejectedException.class,
                () -> Faults.contain("the expert de", () -> {
                    throw new IllegalStateException("of mind");
                }));
        assertThat(refused.code()).isEqualTo(RejectionCode.INTERNAL_ERROR);
        assertThat(refused).hasMessageContainingAll("the expert de", "IllegalStateException: of mind", "please");
    }

    @Test
    void containsRecursionWithoutEnd() {
        RejectedException refused = catchThrowableOfType(
                RejectedException.class,
                () -> Faults.contain("a deep graph", () -> {
                    throw new StackOverflowError();
                }));
        assertThat(refused.code()).isEqualTo(RejectionCode.INTERNAL_ERROR);
    }

    @Test
    void leavesResultsRefusalsAndTroubleAsTheyAre() throws Exception {
        assertThat(Faults.<Integer>contain("x", () -> 7)).isEqualTo(7);
        RejectedException refusal = new RejectedException(RejectionCode.NOT_ONNX, "no");
        assertThatThrownBy(() -> Faults.contain("x", () -> {
                    throw refusal;
                }))
                .isSameAs(refusal);
        IOException trouble = new IOException("disk");
        assertThatThrownBy(() -> Faults.contain("x", () -> {
                    throw trouble;
                }))
                .isSameAs(trouble);
    }

    @Test
    void refusesFilesOfTheInputThatAreGoneUnreadableOrShort() {
        assertThat(refused(new NoSuchFileException("/experts/de/model.onnx"))).isEqualTo(RejectionCode.MISSING_FILE);
        assertThat(refused(new AccessDeniedException("/experts/de/model.onnx"))).isEqualTo(RejectionCode.MISSING_FILE);
        assertThat(refused(new ShortFileException(Path.of("/experts/de/model.onnx"))))
                .isEqualTo(RejectionCode.SIZE_MISMATCH);
    }

    @Test
    void throwsOnTroubleWithOtherFilesOrWithThisProcess() {
        List<FileSystemException> ours = List.of(
                new NoSuchFileException("/store/bundles/1/model.onnx"),
                new NoSuchFileException("/experts/de-2/model.onnx"),
                new ShortFileException(Path.of("/store/bundles/1/model.onnx")),
                new FileSystemException("/experts/de/model.onnx", null, "Too many open files in system"));
        for (FileSystemException trouble : ours) {
            assertThatThrownBy(() -> InputFiles.whileReading(PLACES, () -> {
                        throw trouble;
                    }))
                    .isSameAs(trouble);
        }
    }

    private static RejectionCode refused(FileSystemException trouble) {
        RejectedException refused = catchThrowableOfType(
                RejectedException.class,
                () -> InputFiles.whileReading(PLACES, () -> {
                    throw trouble;
                }));
        assertThat(refused).hasMessageContainingAll("/experts/de/model.onnx", "send the event again");
        return refused.code();
    }
}
