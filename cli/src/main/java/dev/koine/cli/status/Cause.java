package dev.koine.cli.status;

import dev.koine.cli.console.Plain;
import dev.koine.objectstore.StoreTrouble;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The cause of a failure in one bounded line for a terminal, without passwords, from a stack trace as Java prints it. */
public final class Cause {
    /** What the operating system says of a full disk. */
    public static final String FULL = "No space left on device";

    private static final int LONGEST = 400;
    private static final String CAUSED_BY = "Caused by: ";
    private static final Pattern NAMED = Pattern.compile("((?:[\\w$]+\\.)+[\\w$]+)(?:: ?(.*))?", Pattern.DOTALL);
    private static final Pattern USER_IN_URL = Pattern.compile("(\\w+://)[^/@\\s]+@");
    private static final Pattern SECRET = Pattern.compile(
            "(?i)([\\w.-]*(?:password|passwd|secret|token|jaas\\.config|user\\.info|access[._-]?key)[\\w.-]*\\s*[=:]\\s*)(\"[^\"]*\"|'[^']*'|[^\\s,;]+)");

    private static final Pattern NUMBER = Pattern.compile("\\b[0-9a-f-]*[0-9][0-9a-f-]*\\b");

    private Cause() {}

    /** What the innermost exception of a stack trace says, and what to do about it where that is known. */
    public static String of(String stackTrace) {
        return of(stackTrace, List.of());
    }

    /**
     * The same.
     *
     * @param places folders that the job writes to, one of which is told where a disk is full
     */
    public static String of(String stackTrace, Collection<Path> places) {
        Matcher root = NAMED.matcher(root(stackTrace));
        String sentence = root.matches() ? sentence(root.group(1), root.group(2), places) : root(stackTrace);
        String advice = StoreTrouble.advice(stackTrace);
        if (!advice.isEmpty() && !sentence.contains(advice)) {
            sentence =
                    shortened(sentence, LONGEST - advice.length() - 2) + (sentence.endsWith(".") ? " " : ". ") + advice;
        }
        return bounded(Plain.of(withoutSecrets(sentence.strip().replaceAll("\\s+", " "))));
    }

    /** From the last "Caused by: " that is not inside a suppressed exception, up to its first frame. */
    private static String root(String stackTrace) {
        StringBuilder found = new StringBuilder();
        boolean isHead = true;
        for (String line : stackTrace.lines().toList()) {
            if (line.startsWith(CAUSED_BY)) {
                found.setLength(0);
                found.append(line, CAUSED_BY.length(), line.length());
                isHead = true;
            } else if (line.startsWith("\t") || line.startsWith("    ")) {
                isHead = false;
            } else if (isHead) {
                found.append(found.isEmpty() ? "" : " ").append(line);
            }
        }
        return found.toString();
    }

    private static String sentence(String type, String message, Collection<Path> places) {
        String name = type.substring(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1);
        String said = message == null ? "" : message;
        return switch (name) {
            case "NoSuchFileException" -> "There is no file or folder " + said + ".";
            case "AccessDeniedException" ->
                "The file system refuses " + said
                        + ": access denied. Give the user that the job runs as the right to it.";
            case "FileSystemException" -> "The file system refuses " + advised(said, places);
            case "FileAlreadyExistsException", "NotDirectoryException", "DirectoryNotEmptyException" ->
                "The file system refuses " + said + ": " + name + ".";
            case "OutOfMemoryError" ->
                "The Java heap is too small (" + said + "). Start koine up with more, as KOINE_JAVA_OPTS=-Xmx2g.";
            case "IOException", "UncheckedIOException", "RuntimeException" ->
                said.isEmpty() ? name : advised(said, places);
            default -> said.isEmpty() ? name : name + ": " + advised(said, places);
        };
    }

    private static String advised(String said, Collection<Path> places) {
        if (said.contains(FULL)) {
            return said
                    + FreeSpace.least(places).map(space -> ": " + space.told()).orElse("")
                    + ". Make room; the job goes on by itself.";
        }
        if (said.contains("Read-only file system")) {
            return said + ". Make it writable; the job goes on by itself.";
        }
        return said;
    }

    private static String withoutSecrets(String text) {
        String plain = USER_IN_URL.matcher(text).replaceAll("$1...@");
        return SECRET.matcher(plain).replaceAll("$1...");
    }

    private static String bounded(String text) {
        return shortened(text, LONGEST);
    }

    private static String shortened(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - 3) + "...";
    }

    /** A cause without what differs from time to time: numbers and digests. */
    public static String kind(String cause) {
        return NUMBER.matcher(cause).replaceAll("#");
    }

    /** Whether two causes are of one kind. */
    static boolean areAlike(String cause, String other) {
        return kind(cause).equals(kind(other));
    }
}
