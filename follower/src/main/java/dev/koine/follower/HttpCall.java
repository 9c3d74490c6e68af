package dev.koine.follower;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Calls of one URL, each on a connection that may be there already. Redirections are not followed. */
final class HttpCall {
    private final URI url;
    private final Duration atMost;
    private final HttpClient client;

    /** @param atMost how long an answer may take */
    HttpCall(URI url, Duration atMost) {
        this.url = url;
        this.atMost = atMost;
        this.client = HttpClient.newBuilder().connectTimeout(atMost).build();
    }

    HttpRequest.Builder request() {
        return HttpRequest.newBuilder(url).timeout(atMost);
    }

    /** @throws Step.StepFailedException if no status of 200 to 299 comes back */
    void send(HttpRequest request) throws Step.StepFailedException, InterruptedException {
        int status;
        try {
            status =
                    client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            throw new Step.StepFailedException(url + " does not answer: " + e);
        }
        if (status / 100 != 2) {
            throw new Step.StepFailedException(url + " answered " + status + ".");
        }
    }
}
