package dev.koine.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What a command line printed and returned, run in this JVM. */
public record CommandLineRun(int code, String out, String err) {

    /** Runs {@code koine args...}. */
    public static CommandLineRun koine(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Koine.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
        return new CommandLineRun(code, out.toString(), err.toString());
    }
}
