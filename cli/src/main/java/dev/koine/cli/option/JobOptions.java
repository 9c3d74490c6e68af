package dev.koine.cli.option;

import dev.koine.cli.status.JobManager;
import dev.koine.cli.status.Whereabouts;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the merge job can be asked how it is doing. */
public final class JobOptions {
    @Option(
            names = "--rest-address",
            paramLabel = "URL",
            description = {
                "Flink's REST interface, which says how the merge job is doing, such as http://jobmanager:8081",
                "(default: KOINE_REST_ADDRESS, else the broker's word where koine up runs it)."
            })
    @Nullable
    public URI restAddress;

    /** What was named, or what the broker says; empty where neither is. */
    public Optional<JobManager> jobManager(Properties kafka) throws IOException {
        Optional<URI> named = named();
        return named.isPresent()
                ? named.map(JobManager::new)
                : Whereabouts.find(kafka).map(Whereabouts::jobManager);
    }

    private Optional<URI> named() throws IOException {
        String fromEnvironment = System.getenv("KOINE_REST_ADDRESS");
        if (restAddress == null && (fromEnvironment == null || fromEnvironment.isBlank())) {
            return Optional.empty();
        }
        try {
            URI address = restAddress != null ? restAddress : URI.create(fromEnvironment.strip());
            if (address.getHost() != null
                    && ("http".equals(address.getScheme()) || "https".equals(address.getScheme()))) {
                return Optional.of(address);
            }
        } catch (IllegalArgumentException e) {
            throw new IOException(wrong(fromEnvironment), e);
        }
        throw new IOException(wrong(restAddress != null ? restAddress.toString() : fromEnvironment));
    }

    private static String wrong(@Nullable String address) {
        return "'" + address + "' is no address of a REST interface; write it like http://127.0.0.1:8081.";
    }
}
