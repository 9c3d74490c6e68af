package dev.koine.cli.option;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.CommandLineRun;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.SizeConverter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InBandOptionsTest {

    @ParameterizedTest
    @CsvSource({
        "--in-band-keep, 0, give 1 or more",
        "--in-band-limit, big, write it like 500 mb or 2 gb",
        "--in-band, weights, --in-band",
        "--in-band-compression, gzip, --in-band-compression"
    })
    void whatCannotBeIsSaidAtOnce(String option, String value, String sentence) {
        for (String command : new String[] {"relay", "up"}) {
            CommandLineRun run =
                    command.equals("up") ? koine("up", "--dir", "none", option, value) : koine(command, option, value);
            assertThat(run.code()).isEqualTo(ExitCode.USAGE);
            assertThat(run.err()).contains(sentence);
        }
    }

    @ParameterizedTest
    @CsvSource({"2 gb, 2147483648", "500 MB, 524288000", "17, 17"})
    void sizesAreInBytes(String text, long bytes) {
        assertThat(new SizeConverter().convert(text)).isEqualTo(bytes);
    }
}
