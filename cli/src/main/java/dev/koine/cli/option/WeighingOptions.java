package dev.koine.cli.option;

import dev.koine.engine.Input;
import dev.koine.engine.merge.OfflineMerge;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What experts of a merge on this machine are weighed by. */
public final class WeighingOptions {
    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    @Option(
            names = "--statistics",
            paramLabel = "NAME=STATS",
            description =
                    "Folder that koine statistics made on speech of an expert's language, by the expert's name; for --method REGMEAN, one for each.",
            converter = {NameConverter.class, FolderConverter.class})
    Map<String, Path> statistics = new LinkedHashMap<>();

    @Option(
            names = "--protect",
            paramLabel = "TAG=STATS[@WEIGHT]",
            description =
                    "A language that the base knows and that experts are not to change, its statistics, and how much it counts (default: 0.25).",
            converter = ProtectedFolder.Converter.class)
    List<ProtectedFolder> languages = List.of();

    /** Names as they are. */
    static final class NameConverter implements picocli.CommandLine.ITypeConverter<String> {
        @Override
        public String convert(String name) {
            return name;
        }
    }

    /** The folder with the statistics of an expert; null where none are given. */
    public @Nullable Path of(String name) {
        return statistics.get(name);
    }

    /** Requires that statistics are of experts that there are. */
    public void requireNames(Collection<String> names) {
        Set<String> taken = new HashSet<>(names);
        for (ProtectedFolder language : languages) {
            if (!taken.add(language.language())) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--protect " + language.language()
                                + "=... is there already, as an expert or a language; name each once.");
            }
        }
        for (String name : statistics.keySet()) {
            if (!names.contains(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--statistics " + name + "=... is for no expert: give the expert its name, as in --expert "
                                + name + "=DIR.");
            }
        }
    }

    /** The languages that are protected. */
    public List<OfflineMerge.ProtectedLanguage> languages() {
        return languages.stream()
                .map(language -> new OfflineMerge.ProtectedLanguage(
                        new Input("The language " + language.language()), language.statistics(), language.weight()))
                .toList();
    }
}
