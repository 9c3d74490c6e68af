package dev.koine.cli.console;

/** Numbers of things, as readers have them: 1 version, 2 versions. */
public final class Counted {
    private Counted() {}

    /** @param one the word for one of them, to which an s is added for any other number */
    public static String of(long number, String one) {
        return number + " " + (number == 1 ? one : one + "s");
    }
}
