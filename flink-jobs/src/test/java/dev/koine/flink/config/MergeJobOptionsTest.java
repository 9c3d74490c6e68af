package dev.koine.flink.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.MergeJobOptions;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MergeJobOptionsTest {
    /** Their defaults depend on the machine or on other options, or are empty: no value says them. */
    private static final Set<JobOption<?>> IN_WORDS =
            Set.of(MergeJobOptions.SCRATCH, MergeJobOptions.THREADS, MergeJobOptions.ALLOWED_PLACES);

    static Stream<JobOption<?>> presets() {
        return MergeJobOptions.all().stream().filter(option -> option.preset() != null && !IN_WORDS.contains(option));
    }

    @Test
    void listsEveryOptionOnceByGroup() throws Exception {
        List<Object> declared = new ArrayList<>();
        for (Field field : MergeJobOptions.class.getFields()) {
            declared.add(field.get(null));
        }
        assertThat(MergeJobOptions.all())
                .hasSameElementsAs(
                        declared.stream().map(option -> (JobOption<?>) option).toList());
        assertThat(MergeJobOptions.all()).extracting(JobOption::name).doesNotHaveDuplicates();
        assertThat(MergeJobOptions.all()).extracting(JobOption::group).isSorted();
    }

    /** What docs and help say holds is what holds. */
    @ParameterizedTest
    @MethodSource("presets")
    void theDefaultThatReadersSeeIsTheDefault(JobOption<?> option) {
        assertThat((Object) option.parse(option.presetText(), option.name())).isEqualTo(option.preset());
    }

    @Test
    void whatHasNoDefaultIsRequiredOrSaysWhatHappens() {
        assertThat(MergeJobOptions.all())
                .filteredOn(option -> option.preset() == null)
                .allSatisfy(option -> assertThat(option.presetText().isEmpty()).isEqualTo(option.isRequired()));
    }
}
