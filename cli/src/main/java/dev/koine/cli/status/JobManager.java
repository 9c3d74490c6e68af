package dev.koine.cli.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.flink.MergeJob;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Flink's REST interface, as far as it tells how the merge job is doing. */
public final class JobManager {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final JsonMapper JSON = new JsonMapper();

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final URI address;
    private final List<Path> places;

    /** @param address such as {@code http://127.0.0.1:8081} */
    public JobManager(URI address) {
        this(address, List.of());
    }

    /** @param places folders on this machine that the job writes to */
    JobManager(URI address, List<Path> places) {
        this.address = address;
        this.places = List.copyOf(places);
    }

    /**
     * Asks for the newest merge job.
     *
     * @throws IOException if nobody answers there, or there is no merge job
     */
    public JobHealth look() throws IOException {
        JsonNode newest = null;
        for (JsonNode job : get("/jobs/overview").path("jobs")) {
            if (job.path("name").asText().startsWith(MergeJob.NAME)
                    && (newest == null
                            || job.path("start-time").asLong()
                                    >= newest.path("start-time").asLong())) {
                newest = job;
            }
        }
        if (newest == null) {
            throw new IOException("The Flink cluster at " + address + " has no merge job.");
        }
        JsonNode history =
                get("/jobs/" + newest.path("jid").asText() + "/exceptions").path("exceptionHistory");
        List<Failure> failures = new ArrayList<>();
        for (JsonNode entry : history.path("entries")) {
            failures.add(new Failure(
                    Instant.ofEpochMilli(entry.path("timestamp").asLong()),
                    task(entry.path("taskName").asText("")),
                    Cause.of(entry.path("stacktrace").asText(), places)));
        }
        long start = newest.path("start-time").asLong();
        long change = newest.path("last-modification").asLong(start);
        return new JobHealth(
                newest.path("state").asText(),
                Instant.ofEpochMilli(Math.max(start, failures.isEmpty() ? start : change)),
                failures,
                history.path("truncated").asBoolean());
    }

    /** {@code prune (1/2) - execution #3} is {@code prune}. */
    private static String task(String name) {
        if (name.equals("null")) {
            return "";
        }
        int end = name.indexOf(" (");
        return end < 0 ? name : name.substring(0, end);
    }

    private JsonNode get(String path) throws IOException {
        HttpRequest request =
                HttpRequest.newBuilder(address.resolve(path)).timeout(PATIENCE).build();
        try {
            HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            if (response.statusCode() != 200) {
                throw new IOException("The Flink cluster at " + address + " answers " + response.statusCode() + ".");
            }
            return JSON.readTree(response.body());
        } catch (ConnectException e) {
            throw new IOException("Nobody answers at " + address + ", where the merge job is to be asked.", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while asking the Flink cluster at " + address, e);
        }
    }
}
