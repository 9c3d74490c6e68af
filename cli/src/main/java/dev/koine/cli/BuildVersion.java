package dev.koine.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version that the build gave this command. */
final class BuildVersion implements IVersionProvider {
    private static final String FILE = "build.properties";

    @Override
    public String[] getVersion() throws IOException {
        Properties build = new Properties();
        try (InputStream in = Objects.requireNonNull(BuildVersion.class.getResourceAsStream(FILE), FILE)) {
            build.load(in);
        }
        return new String[] {"koine " + build.getProperty("version")};
    }
}
