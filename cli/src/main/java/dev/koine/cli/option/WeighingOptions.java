package dev.koine.cli.option;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.recipe.Recipe;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** What experts of a merge on this machine are weighed by. */
public final class WeighingOptions {
    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    @Option(
            names = "--statistics",
            paramLabel = "NAME=STATS",
            description =
                    "Folder that koine statistics made on speech of an expert's language, by the expert's name, one for each; the method is REGMEAN then.",
            converter = Named.Converter.class)
    List<Named> statistics = List.of();

    @Option(
            names = "--protect",
            paramLabel = "TAG=STATS[@WEIGHT]",
            description =
                    "A language that the base knows and that experts are not to change, its statistics, and how much it counts (default: 0.25); the method is REGMEAN then.",
            converter = ProtectedFolder.Converter.class)
    List<ProtectedFolder> languages = List.of();

    /** Statistics and the expert that they are for. */
    record Named(String name, Path folder) {
        /** Reads {@code NAME=STATS}. */
        static final class Converter implements ITypeConverter<Named> {
            @Override
            public Named convert(String text) {
                int equals = text.indexOf('=');
                if (equals <= 0) {
                    throw new TypeConversionException(
                            "'" + text
                                    + "' names no expert; give NAME=STATS, such as ca=statistics-ca, with the name of --expert ca=DIR.");
                }
                return new Named(text.substring(0, equals), new FolderConverter().convert(text.substring(equals + 1)));
            }
        }
    }

    /** The recipe, which weighs where statistics are given. */
    public Recipe recipe(RecipeOptions options) throws RejectedException {
        if (statistics.isEmpty() && languages.isEmpty()) {
            return options.recipe();
        }
        return options.weighed(statistics.isEmpty() ? "--protect" : "--statistics");
    }

    /** The folder with the statistics of an expert; null where none are given. */
    public @Nullable Path of(String name) {
        return statistics.stream()
                .filter(given -> given.name().equals(name))
                .map(Named::folder)
                .findFirst()
                .orElse(null);
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
        Set<String> weighed = new HashSet<>();
        for (Named given : statistics) {
            String name = given.name();
            if (!weighed.add(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--statistics " + name + "=... is given twice; an expert is weighed by one: leave "
                                + given.folder() + " out.");
            }
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
