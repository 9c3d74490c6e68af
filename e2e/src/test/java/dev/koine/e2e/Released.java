package dev.koine.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files that the build releases. */
public final class Released {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private Released() {}

    /** The job, to submit to a cluster. */
    public static Path jobJar() throws IOException {
        return only("distribution/target", "koine-job-", ".jar");
    }

    /** The model provider, for SQL. */
    public static Path sqlJar() throws IOException {
        return only("distribution/target", "koine-sql-", ".jar");
    }

    /** The command for whoever has a JRE. */
    public static Path archive() throws IOException {
        return only("distribution/target", "koine-", ".tar.gz");
    }

    /** A library of the command's. */
    public static Path library(String name) throws IOException {
        return only("cli/target/lib", name + "-", ".jar");
    }

    private static Path only(String folder, String prefix, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
            List<Path> found = files.filter(file -> {
                        String name = file.getFileName().toString();
                        return name.startsWith(prefix) && name.endsWith(suffix);
                    })
                    .toList();
            assertThat(found).as("%s*%s in %s", prefix, suffix, folder).hasSize(1);
            return found.get(0);
        }
    }
}
