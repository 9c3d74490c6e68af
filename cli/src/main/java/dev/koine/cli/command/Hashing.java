package dev.koine.cli.command;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;

/** Describes the bundle in a folder for an event, and says so, since that reads every byte of it. */
final class Hashing {
    private Hashing() {}

    static Bundle describe(Path directory, PrintWriter out) throws IOException, RejectedException {
        out.printf("Hashing %s ...%n", directory);
        Bundle bundle = Bundle.describe(directory);
        out.printf("%d files, %,d bytes, %s%n", bundle.files().size(), bundle.bytes(), bundle.digest());
        return bundle;
    }
}
