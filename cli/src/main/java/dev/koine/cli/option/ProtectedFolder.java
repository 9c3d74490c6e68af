package dev.koine.cli.option;

import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A language that is to be protected.
 *
 * @param language BCP 47
 * @param statistics the folder with its statistics
 * @param weight how much they count
 */
public record ProtectedFolder(String language, Path statistics, double weight) {
    /**
     * Where nobody says more: enough to keep a language on real Whisper ({@code eval/REAL.md}), and a quarter of what it would take from the experts.
     */
    public static final double WEIGHT = 0.25;

    /** Reads {@code TAG=STATS[@WEIGHT]}. A folder that is there is taken by its whole name, whatever signs are in it. */
    public static final class Converter implements ITypeConverter<ProtectedFolder> {
        @Override
        public ProtectedFolder convert(String text) {
            int equals = text.indexOf('=');
            if (equals <= 0) {
                throw new TypeConversionException(
                        "'" + text
                                + "' is no language with its statistics; give TAG=STATS, such as es=statistics-es, or es=statistics-es@1.");
            }
            String language = new LanguageConverter().convert(text.substring(0, equals));
            String place = text.substring(equals + 1);
            int at = place.lastIndexOf('@');
            if (Files.exists(Path.of(place)) || at < 0) {
                return new ProtectedFolder(language, folder(place), WEIGHT);
            }
            return new ProtectedFolder(language, folder(place.substring(0, at)), weight(place.substring(at + 1)));
        }

        private static Path folder(String place) {
            Path folder = Path.of(place);
            if (!Files.isDirectory(folder)) {
                throw new TypeConversionException("there is no folder " + folder + "; koine statistics makes one.");
            }
            return folder;
        }

        private static double weight(String text) {
            try {
                double weight = Double.parseDouble(text);
                if (Double.isFinite(weight) && weight > 0) {
                    return weight;
                }
            } catch (NumberFormatException e) {
                throw new TypeConversionException(sentence(text));
            }
            throw new TypeConversionException(sentence(text));
        }

        private static String sentence(String text) {
            return "the weight '" + text + "' after @ has to be a finite number over 0.";
        }
    }
}
