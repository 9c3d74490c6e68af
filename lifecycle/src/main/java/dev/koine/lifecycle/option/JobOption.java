package dev.koine.lifecycle.option;

import dev.koine.engine.RejectedException;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * An option of the merge job. Its name, its kind of value, its default and its description are here and nowhere else; arguments, Flink's
 * configuration, the options of {@code koine up} and {@code docs/options.md} are made of them.
 *
 * @param name in arguments {@code --name value}, in Flink's configuration {@code koine.name}, for {@code koine up} with dashes for dots
 * @param preset the value where nobody says one; null if there is none
 * @param presetText that value for readers
 * @param isRequired whether somebody has to say it
 * @param description for readers; one line, without the default
 */
public record JobOption<T>(
        String name,
        OptionGroup group,
        OptionType<T> type,
        @Nullable T preset,
        String presetText,
        boolean isRequired,
        String description) {

    static <T> JobOption<T> required(String name, OptionGroup group, OptionType<T> type, String description) {
        return new JobOption<>(name, group, type, null, "", true, description);
    }

    static <T> JobOption<T> unset(
            String name, OptionGroup group, OptionType<T> type, String presetText, String description) {
        return new JobOption<>(name, group, type, null, presetText, false, description);
    }

    static <T> JobOption<T> preset(
            String name, OptionGroup group, OptionType<T> type, T preset, String presetText, String description) {
        return new JobOption<>(name, group, type, preset, presetText, false, description);
    }

    /** One option has a name. That of a record would go by way of all its values, and takes tens of milliseconds at the first call. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof JobOption<?> option && name.equals(option.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    /** As an argument of the job. */
    public String argument() {
        return "--" + name;
    }

    /** As an option of a command. */
    public String dashed() {
        return "--" + name.replace('.', '-');
    }

    /**
     * The value that a text is.
     *
     * @param spelled how the option was spelled where the text comes from
     * @throws IllegalArgumentException if it is none; the message says what to give
     */
    public T parse(String value, String spelled) {
        try {
            return type.reader().read(value);
        } catch (IllegalArgumentException | RejectedException | URISyntaxException e) {
            throw new IllegalArgumentException(spelled + " is '" + value + "'; give " + type.wanted() + ".");
        }
    }
}
