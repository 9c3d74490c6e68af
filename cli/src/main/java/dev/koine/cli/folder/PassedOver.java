package dev.koine.cli.folder;

import dev.koine.engine.file.Strays;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;

/** Tells of the {@link Strays} in a folder that a command makes or reads a bundle of. */
public final class PassedOver {
    private static final int MOST_NAMED = 3;

    private PassedOver() {}

    public static void tell(Path folder, PrintWriter err) throws IOException {
        List<String> strays = Strays.in(folder);
        if (!strays.isEmpty()) {
            err.printf(
                    "Note: %s holds files of other tools (%d), which belong to no model and are passed over: %s%s.%n",
                    folder,
                    strays.size(),
                    strays.subList(0, Math.min(MOST_NAMED, strays.size())),
                    strays.size() > MOST_NAMED ? " and others" : "");
        }
    }
}
