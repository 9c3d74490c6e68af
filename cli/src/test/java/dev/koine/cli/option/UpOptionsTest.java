package dev.koine.cli.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.cli.Koine;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.lifecycle.option.SignaturePolicy;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

class UpOptionsTest {
    @TempDir
    Path folder;

    @Test
    void saysNothingOfWhatIsNotGiven() {
        assertThat(read()).isEqualTo(JobSettings.NONE);
    }

    @Test
    void readsPlacesAsFoldersAndUris() {
        JobSettings read = read(
                "--store",
                folder.toString(),
                "--allow",
                folder.toString(),
                "--allowed-places",
                "s3://bucket/experts/",
                "--allow",
                "file:///no/such/folder");
        assertThat(read.said(MergeJobOptions.STORE)).contains(folder.toUri());
        assertThat(read.get(MergeJobOptions.ALLOWED_PLACES))
                .isEqualTo(List.of(
                        folder.toUri(),
                        URI.create("s3://bucket/experts/"),
                        Path.of("/no/such/folder").toUri()));
    }

    @Test
    void readsTheJobsOptionsAsTheJobDoes() {
        JobSettings read = read(
                "--retention-versions=20",
                "--retention-age=7 d",
                "--retention-experts=false",
                "--gc-interval=10 s",
                "--threads=3",
                "--store-cache-size=1 gb",
                "--unknown-model-grace-ms=250",
                "--signatures=REQUIRED",
                "--trusted-keys=trusted",
                "--signing-key=key");
        assertThat(read.get(MergeJobOptions.RETENTION_VERSIONS)).isEqualTo(20);
        assertThat(read.get(MergeJobOptions.RETENTION_AGE)).isEqualTo(Duration.ofDays(7));
        assertThat(read.get(MergeJobOptions.RETENTION_EXPERTS)).isFalse();
        assertThat(read.get(MergeJobOptions.GC_INTERVAL)).isEqualTo(Duration.ofSeconds(10));
        assertThat(read.get(MergeJobOptions.THREADS)).isEqualTo(3);
        assertThat(read.get(MergeJobOptions.STORE_CACHE_SIZE)).isEqualTo(1L << 30);
        assertThat(read.get(MergeJobOptions.UNKNOWN_MODEL_GRACE)).isEqualTo(Duration.ofMillis(250));
        assertThat(read.get(MergeJobOptions.SIGNATURES)).isEqualTo(SignaturePolicy.REQUIRED);
        assertThat(read.said(MergeJobOptions.TRUSTED_KEYS))
                .contains(Path.of("trusted").toAbsolutePath().toString());
        assertThat(read.said(MergeJobOptions.SIGNING_KEY))
                .contains(Path.of("key").toAbsolutePath().toString());
    }

    @ParameterizedTest
    @CsvSource({
        "--retention-age, old, a duration",
        "--threads, 0, a whole number from 1 up",
        "--signatures, on, off or required",
        "--store, http://bucket/, a prefix such as s3://"
    })
    void saysWhatIsMalformedAndWhatToGive(String option, String value, String wanted) {
        assertThatThrownBy(() -> read(option, value))
                .isInstanceOf(ParameterException.class)
                .hasMessageContainingAll(option, "'" + value + "'", wanted);
    }

    @ParameterizedTest
    @CsvSource({"512, 90, 512, 90", "512 mb, 90 s, 512, 90", "2 gb, 2 min, 2048, 120"})
    void quarantineHasUnitsOrNone(String memory, String time, long mebibytes, long seconds) {
        Bare command = new Bare();
        new CommandLine(command).parseArgs("--quarantine-memory", memory, "--quarantine-time", time);
        assertThat(command.quarantine.limits().memory()).isEqualTo(mebibytes << 20);
        assertThat(command.quarantine.limits().time()).isEqualTo(Duration.ofSeconds(seconds));
    }

    private static JobSettings read(String... options) {
        String[] arguments =
                Stream.concat(Stream.of("up", "--dir", "d"), Stream.of(options)).toArray(String[]::new);
        return UpOptions.read(Koine.line().parseArgs(arguments).subcommand());
    }

    @Command
    private static final class Bare {
        @Mixin
        private QuarantineOptions quarantine;
    }
}
