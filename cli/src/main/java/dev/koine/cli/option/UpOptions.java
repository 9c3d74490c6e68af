package dev.koine.cli.option;

import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.lifecycle.option.OptionType;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/**
 * The options of {@code koine up} that are the merge job's: {@link MergeJobOptions} has their names, which have dashes for dots here, and
 * their words. Places may be folders, and paths are from the current folder.
 */
public final class UpOptions implements IModelTransformer {
    /** What {@code koine up} keeps below its folder, and broker and topics, which are its own. */
    private static final Set<JobOption<?>> SET_BY_UP = Set.of(
            MergeJobOptions.BOOTSTRAP_SERVERS,
            MergeJobOptions.KAFKA_CONFIG,
            MergeJobOptions.KAFKA_PROPERTIES,
            MergeJobOptions.TOPIC_MODELS,
            MergeJobOptions.TOPIC_EXPERTS,
            MergeJobOptions.TOPIC_UPDATES,
            MergeJobOptions.TOPIC_REJECTIONS,
            MergeJobOptions.JOB_ID,
            MergeJobOptions.STORE_CACHE,
            MergeJobOptions.SCRATCH);

    /** What other commands have, too: {@link DeviceOption} and {@link QuarantineOptions}. */
    private static final Set<JobOption<?>> SHARED =
            Set.of(MergeJobOptions.DECOMPOSITION, MergeJobOptions.QUARANTINE_MEMORY, MergeJobOptions.QUARANTINE_TIME);

    private static final Map<JobOption<?>, String> OTHER_NAMES = Map.of(MergeJobOptions.ALLOWED_PLACES, "--allow");
    private static final Map<JobOption<?>, String> OTHER_PRESETS =
            Map.of(MergeJobOptions.STORE, "a folder in --dir", MergeJobOptions.ALLOWED_PLACES, "the current folder");

    /** Whether {@code koine up} has an option for it. */
    public static boolean has(JobOption<?> option) {
        return !SET_BY_UP.contains(option);
    }

    @Override
    public CommandSpec transform(CommandSpec command) {
        own().forEach(option -> command.addOption(spec(option)));
        return command;
    }

    /** What was given on the command line. */
    public static JobSettings read(ParseResult given) {
        JobSettings settings = JobSettings.NONE;
        for (JobOption<?> option : own()) {
            settings = read(given, option, settings);
        }
        return settings;
    }

    private static <T> JobSettings read(ParseResult given, JobOption<T> option, JobSettings settings) {
        return given.hasMatchedOption(option.dashed())
                ? settings.with(option, given.matchedOption(option.dashed()).<T>getValue())
                : settings;
    }

    private static List<JobOption<?>> own() {
        return MergeJobOptions.all().stream()
                .filter(option -> has(option) && !SHARED.contains(option))
                .toList();
    }

    private static OptionSpec spec(JobOption<?> option) {
        String[] names = OTHER_NAMES.containsKey(option)
                ? new String[] {OTHER_NAMES.get(option), option.dashed()}
                : new String[] {option.dashed()};
        String preset = OTHER_PRESETS.getOrDefault(option, option.presetText());
        boolean isList = option.type().equals(OptionType.PLACES);
        OptionSpec.Builder spec = OptionSpec.builder(names)
                .paramLabel(option.type().label())
                .description(JobOptionWords.sentence(option, preset) + (isList ? " May be given several times." : ""))
                .arity("1")
                .converters(converter(option));
        return (isList ? spec.type(List.class).auxiliaryTypes(URI.class) : spec.type(Object.class)).build();
    }

    private static ITypeConverter<?> converter(JobOption<?> option) {
        if (option.type().equals(OptionType.PLACE) || option.type().equals(OptionType.PLACES)) {
            return new PlaceConverter();
        }
        if (option.type().equals(OptionType.FILE)) {
            return value -> Path.of(value).toAbsolutePath().toString();
        }
        return value -> {
            try {
                return option.parse(value, option.dashed());
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "'" + value + "'; give " + option.type().wanted());
            }
        };
    }
}
