package dev.koine.cli.console;

/** What the process ends with. */
public final class ExitCode {
    /** It was done. */
    public static final int OK = 0;
    /** Trouble that may pass: broker, network, disk. */
    public static final int TROUBLE = 1;
    /** The command line is wrong. */
    public static final int USAGE = 2;
    /** The event or the file was refused. */
    public static final int REJECTED = 3;

    private ExitCode() {}
}
