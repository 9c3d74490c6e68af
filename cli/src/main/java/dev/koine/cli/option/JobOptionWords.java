package dev.koine.cli.option;

import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.MergeJobOptions;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/** What help says of options of commands that are the merge job's options, too: the job's words, under the key {@code job.<name>}. */
public final class JobOptionWords extends ResourceBundle {
    private static final String PREFIX = "job.";

    @Override
    protected @Nullable Object handleGetObject(String key) {
        return MergeJobOptions.all().stream()
                .filter(option -> key.equals(PREFIX + option.name()))
                .map(option -> sentence(option, option.presetText()))
                .findFirst()
                .orElse(null);
    }

    @Override
    public Enumeration<String> getKeys() {
        List<String> keys = MergeJobOptions.all().stream()
                .map(option -> PREFIX + option.name())
                .toList();
        return Collections.enumeration(keys);
    }

    /** The description of an option, with what holds if it is not given. */
    public static String sentence(JobOption<?> option, String preset) {
        String description = option.description();
        return Character.toUpperCase(description.charAt(0)) + description.substring(1) + " (default: " + preset + ").";
    }
}
