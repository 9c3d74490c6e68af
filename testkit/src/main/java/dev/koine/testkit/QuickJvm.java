package dev.koine.testkit;

import java.util.List;

/** Options of the JVMs that a test starts, so that these start quickly: those that the build gives to the tests' own. */
public final class QuickJvm {
    private static final String PROPERTY = "quick.jvm.args";

    private QuickJvm() {}

    /** The options in one line, as {@code KOINE_JAVA_OPTS} takes them; empty where the build gives none. */
    public static String line() {
        return System.getProperty(PROPERTY, "").strip();
    }

    /** The options one by one. */
    public static List<String> options() {
        String line = line();
        return line.isEmpty() ? List.of() : List.of(line.split(" +", -1));
    }
}
