package dev.koine.bench.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much of the heap a JVM used, from the log of its collections.
 *
 * @param peakMb at most, garbage included
 * @param liveMb at most after a collection
 */
public record HeapLog(long peakMb, long liveMb) {
    private static final Pattern COLLECTION = Pattern.compile("(\\d+)M->(\\d+)M\\(\\d+M\\)");
    private static final Pattern GENERATION_AT_EXIT = Pattern.compile("(?:PSYoungGen|ParOldGen).* used (\\d+)K");

    /** The option that makes a JVM write the log. */
    public static String option(Path file) {
        return "-Xlog:gc,gc+heap+exit:file=" + file;
    }

    public static HeapLog read(Path file) throws IOException {
        long peak = 0;
        long live = 0;
        long atExitKib = 0;
        for (String line : Files.readAllLines(file)) {
            Matcher collection = COLLECTION.matcher(line);
            if (collection.find()) {
                peak = Math.max(peak, Long.parseLong(collection.group(1)));
                live = Math.max(live, Long.parseLong(collection.group(2)));
            }
            Matcher generation = GENERATION_AT_EXIT.matcher(line);
            if (generation.find()) {
                atExitKib += Long.parseLong(generation.group(1));
            }
        }
        return new HeapLog(Math.max(peak, atExitKib >> 10), live);
    }
}
