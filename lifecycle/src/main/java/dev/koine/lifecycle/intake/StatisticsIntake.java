package dev.koine.lifecycle.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.weighed.StatisticsCheck;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.store.Bundle;
import dev.koine.schemas.BundleFile;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Takes the statistics of a language in: checks the copy against the base that they are to weigh experts of. */
public final class StatisticsIntake {
    private final BundleIntake bundles;
    private final WorkPool pool;

    public StatisticsIntake(BundleIntake bundles, WorkPool pool) {
        this.bundles = bundles;
        this.pool = pool;
    }

    /**
     * Takes statistics in.
     *
     * @param baseDigest of the bundle of {@code base}
     * @param languages of the expert, BCP 47; none where it does not say
     * @return their bundle in the store
     * @throws RejectedException as {@link StatisticsCheck#require}; MISSING_FILE if the bundle is anything but one file of statistics;
     *     STATISTICS_MISMATCH if they are of none of the languages; or if the bundle may not be read or is not what was announced
     */
    Bundle take(dev.koine.schemas.Bundle announced, ModelBundle base, String baseDigest, List<String> languages)
            throws RejectedException, IOException {
        List<BundleFile> files = announced.getFiles();
        if (files.size() != 1 || !files.get(0).getPath().equals(Statistics.FILE)) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "A bundle of statistics is the file " + Statistics.FILE + " and nothing else, and this one lists "
                            + files.size() + " files. Name the folder that koine statistics wrote.");
        }
        return bundles.take(
                announced,
                (copy, digest) -> requireLanguage(
                        StatisticsCheck.of(base, baseDigest, pool).require(copy), languages));
    }

    private static void requireLanguage(Statistics.About about, List<String> languages) throws RejectedException {
        boolean isOne = languages.isEmpty()
                || languages.stream().anyMatch(language -> primary(language).equals(primary(about.language())));
        if (!isOne) {
            throw new RejectedException(
                    RejectionCode.STATISTICS_MISMATCH,
                    "They are of the language '" + about.language() + "', and the event is about " + languages
                            + ". Collect some on speech of that language with koine statistics.");
        }
    }

    private static String primary(String language) {
        return language.split("[-_]", 2)[0].toLowerCase(Locale.ROOT);
    }
}
