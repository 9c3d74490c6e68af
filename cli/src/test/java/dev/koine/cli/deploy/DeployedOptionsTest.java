package dev.koine.cli.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.koine.lifecycle.option.MergeJobOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each option that is given to the job and to Flink is one, has a value of its kind, and reaches it. */
class DeployedOptionsTest {
    private static final String KOINE = "koine.";

    @TempDir
    Path temporary;

    static List<JobSetup> setups() throws IOException {
        return JobSetup.all();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void eachOptionOfTheJobIsOne(JobSetup setup) throws IOException {
        assertThat(setup.arguments().keySet())
                .allMatch(name -> MergeJobOptions.find(name).isPresent());
        assertThat(setup.entries().keySet())
                .filteredOn(key -> key.startsWith(KOINE))
                .isNotEmpty()
                .allMatch(key ->
                        MergeJobOptions.find(key.substring(KOINE.length())).isPresent());
        assertThatCode(() -> setup.config(temporary)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void everyOtherIsFlinks(JobSetup setup) throws Exception {
        Map<String, ConfigOption<?>> known = FlinkOptions.all();
        Set<String> s3 = FlinkOptions.s3();
        Configuration configuration = setup.configuration();
        for (String key : setup.entries().keySet()) {
            if (FlinkOptions.isOfS3(key)) {
                assertThat(s3).as(setup.where()).contains(key);
            } else if (!key.startsWith(KOINE)) {
                assertThat(known).as(setup.where()).containsKey(key);
                Optional<?> value = configuration.getOptional(known.get(key));
                assertThat(value).as(key).isPresent();
            }
        }
    }

    /** Flink's operator refuses what it cannot write as nested YAML, and Flink's own client fails at it. */
    @ParameterizedTest
    @MethodSource("setups")
    void noEntryBeginsWithAnother(JobSetup setup) {
        for (String key : setup.entries().keySet()) {
            assertThat(setup.entries().keySet()).noneMatch(other -> other.startsWith(key + "."));
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void theStateOutlivesTheProcesses(JobSetup setup) {
        String state = setup.where().equals("compose")
                ? "file:///state/flink/"
                : setup.option("store").replace("store/", "flink/");
        for (String place : List.of(
                "high-availability.storageDir",
                "execution.checkpointing.dir",
                "execution.checkpointing.savepoint-dir")) {
            assertThat(setup.entries().get(place)).as("%s: %s", setup, place).startsWith(state);
        }
        assertThat(setup.entries()).containsKey("high-availability.type");
    }
}
