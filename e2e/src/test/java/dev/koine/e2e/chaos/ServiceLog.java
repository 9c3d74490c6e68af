package dev.koine.e2e.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code koine serve} printed over all its starts.
 *
 * @param starts that came to serve
 * @param version that served last
 */
record ServiceLog(int starts, long version, long answered, long failed) {
    private static final Pattern LINE =
            Pattern.compile("^\\S+ +version (-?\\d+) +answered (\\d+) +failed (\\d+)$", Pattern.MULTILINE);

    static ServiceLog read(Path file) throws IOException {
        return of(Files.exists(file) ? Files.readString(file) : "");
    }

    static ServiceLog of(String printed) {
        int starts = 0;
        long version = -1;
        long answered = 0;
        long failed = 0;
        long lastAnswered = 0;
        long lastFailed = 0;
        Matcher line = LINE.matcher(printed);
        while (line.find()) {
            version = Long.parseLong(line.group(1));
            long nowAnswered = Long.parseLong(line.group(2));
            long nowFailed = Long.parseLong(line.group(3));
            boolean isNew = starts == 0 || nowAnswered < lastAnswered;
            if (isNew) {
                starts++;
                lastAnswered = 0;
                lastFailed = 0;
            }
            answered += nowAnswered - lastAnswered;
            failed += nowFailed - lastFailed;
            lastAnswered = nowAnswered;
            lastFailed = nowFailed;
        }
        return new ServiceLog(starts, version, answered, failed);
    }

    /** The lines, for a message. */
    static List<String> tail(Path file) throws IOException {
        List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
        return lines.subList(Math.max(0, lines.size() - 20), lines.size());
    }
}
