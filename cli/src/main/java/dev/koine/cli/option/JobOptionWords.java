package dev.koine.cli.option;

import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.MergeJobOptions;
import java.util.List;
import java.util.ListResourceBundle;

/** What help says of options of commands that are the merge job's options, too: the job's words, under the key {@code job.<name>}. */
public final class JobOptionWords extends ListResourceBundle {
    private static final String PREFIX = "job.";

    @Override
    protected Object[][] getContents() {
        List<JobOption<?>> options = MergeJobOptions.all();
        Object[][] words = new Object[options.size()][];
        for (int i = 0; i < words.length; i++) {
            JobOption<?> option = options.get(i);
            words[i] = new Object[] {PREFIX + option.name(), sentence(option, option.presetText())};
        }
        return words;
    }

    /** The description of an option, with what holds if it is not given. */
    public static String sentence(JobOption<?> option, String preset) {
        String description = option.description();
        return Character.toUpperCase(description.charAt(0)) + description.substring(1) + " (default: " + preset + ").";
    }
}
