package dev.koine.cli.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CauseTest {

    @Test
    void isWhatTheInnermostExceptionSays() {
        Exception failure = new IllegalStateException(
                "outer", new UncheckedIOException(new IOException("The store in /data does not answer.")));
        failure.addSuppressed(new IOException("closing", new IOException("not this one")));
        assertThat(Cause.of(printed(failure))).isEqualTo("The store in /data does not answer.");
    }

    @Test
    void saysWhatToDoWhereThatIsKnown() {
        assertThat(Cause.of(printed(new IOException(new IOException("No space left on device")))))
                .isEqualTo("No space left on device. Make room; the job goes on by itself.");
        assertThat(Cause.of(printed(new AccessDeniedException("/store/artifacts/a"))))
                .startsWith("The file system refuses /store/artifacts/a: access denied. Give the user");
        assertThat(Cause.of(printed(new FileSystemException("/store/a", null, "Read-only file system"))))
                .isEqualTo("The file system refuses /store/a: Read-only file system."
                        + " Make it writable; the job goes on by itself.");
        assertThat(Cause.of(printed(new OutOfMemoryError("Java heap space")))).contains("KOINE_JAVA_OPTS=-Xmx");
    }

    @Test
    void namesTheFullDiskAndWhatObjectStorageWants(@TempDir Path folder) {
        assertThat(Cause.of(printed(new IOException("No space left on device")), List.of(folder)))
                .matches("No space left on device: " + folder + " has \\S+ [MG]B free. Make room; .*");
        assertThat(Cause.of(printed(new IOException("Status Code: 403, RequestTimeTooSkewed"))))
                .isEqualTo("Status Code: 403, RequestTimeTooSkewed. Set this machine's clock.");
        assertThat(Cause.of(printed(new IOException("x".repeat(1000) + " NoSuchBucket"))))
                .hasSizeLessThanOrEqualTo(400)
                .endsWith("... Make the bucket, or name another one.");
    }

    @Test
    void isOneBoundedLineThatSteersNoTerminal() {
        String cause = Cause.of(printed(new IOException("first\nsecond \u001b[31m" + "x".repeat(1000))));
        assertThat(cause).startsWith("first second ?[31mxxx").endsWith("...").hasSize(400);
    }

    @Test
    void holdsNoPasswords() {
        assertThat(Cause.of(printed(new IOException(
                        "http://me:hunter2@registry/subjects with ssl.key.password=hunter2, secret: 'hunter2'"
                                + " sasl.jaas.config=\"Login required password=hunter2;\" answers 401"))))
                .doesNotContain("hunter2")
                .contains("http://...@registry/subjects", "answers 401");
    }

    @Test
    void areAlikeButForNumbersAndDigests() {
        assertThat(Cause.areAlike("part 3 of /s/0af3-11", "part 14 of /s/9bc2-07"))
                .isTrue();
        assertThat(Cause.areAlike("part 3 of /s/a", "part 3 of /s/b")).isFalse();
    }

    private static String printed(Throwable failure) {
        StringWriter printed = new StringWriter();
        failure.printStackTrace(new PrintWriter(printed, true));
        return printed.toString();
    }
}
