package dev.koine.follower.triton;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.tensor.RawTensor;
import dev.koine.follower.Step.StepFailedException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Triton's HTTP interface: the model repository extension, and inference of the KServe protocol, version 2. Every failure is a
 * {@link StepFailedException} with what Triton says.
 */
final class TritonClient {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final int SHOWN = 500;

    private final String root;
    private final Duration atMost;
    private final HttpClient client;

    /** @param atMost how long an answer may take, and becoming ready or leaving */
    TritonClient(URI url, Duration atMost) {
        this.root = url.toString().replaceFirst("/+$", "") + "/v2/";
        this.atMost = atMost;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(atMost)
                .build();
    }

    /** Loads a model as it is configured, or loads it again; what it served before is served until then. */
    void load(String model) throws StepFailedException, InterruptedException {
        control(model, "load");
    }

    /** Waits until a version is ready. */
    void awaitReady(String model, long version) throws StepFailedException, InterruptedException {
        String path = version(model, version) + "/ready";
        if (!await(() -> send(request(path).GET().build()).statusCode() == 200)) {
            throw new StepFailedException(root + path + " is not ready within " + atMost.toMillis() + " ms.");
        }
    }

    /** Unloads a model, if it is loaded, and waits until Triton has let go of it. */
    void unload(String model) throws StepFailedException, InterruptedException {
        if (!isLoaded(model)) {
            return;
        }
        control(model, "unload");
        if (!await(() -> !isLoaded(model))) {
            throw new StepFailedException("Triton has not unloaded " + model + " within " + atMost.toMillis() + " ms.");
        }
    }

    /** Asks a version once; tensors are sent and answered in the binary form. */
    List<RawTensor> infer(String model, long version, List<RawTensor> inputs)
            throws StepFailedException, InterruptedException {
        InferenceMessage message = InferenceMessage.request(inputs);
        String path = version(model, version) + "/infer";
        HttpResponse<byte[]> answer = requireOk(send(request(path)
                .header("content-type", "application/octet-stream")
                .header(InferenceMessage.LENGTH_HEADER, String.valueOf(message.headerLength()))
                .POST(BodyPublishers.ofByteArray(message.bytes()))
                .build()));
        int header = (int) answer.headers()
                .firstValueAsLong(InferenceMessage.LENGTH_HEADER)
                .orElse(0);
        try {
            return new InferenceMessage(answer.body(), header).outputs(String.valueOf(version));
        } catch (IOException | IllegalArgumentException e) {
            throw new StepFailedException(root + path + " answered nothing that can be read: " + e.getMessage());
        }
    }

    private boolean isLoaded(String model) throws StepFailedException, InterruptedException {
        HttpResponse<byte[]> answer = requireOk(send(
                request("repository/index").POST(BodyPublishers.ofString("{}")).build()));
        try {
            for (JsonNode entry : JSON.readTree(answer.body())) {
                String state = entry.path("state").asText();
                if (entry.path("name").asText().equals(model) && !(state.isEmpty() || state.equals("UNAVAILABLE"))) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            throw new StepFailedException(root + "repository/index answered no JSON: " + e.getMessage());
        }
    }

    private void control(String model, String what) throws StepFailedException, InterruptedException {
        requireOk(send(request("repository/models/" + model + "/" + what)
                .POST(BodyPublishers.ofString("{}"))
                .build()));
    }

    private static String version(String model, long version) {
        return "models/" + model + "/versions/" + version;
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(root + path)).timeout(atMost);
    }

    private HttpResponse<byte[]> send(HttpRequest request) throws StepFailedException, InterruptedException {
        try {
            return client.send(request, BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new StepFailedException(request.uri() + " does not answer: " + e);
        }
    }

    private static HttpResponse<byte[]> requireOk(HttpResponse<byte[]> answer) throws StepFailedException {
        if (answer.statusCode() != 200) {
            String said = new String(answer.body(), StandardCharsets.UTF_8).strip();
            throw new StepFailedException(answer.uri() + " answered " + answer.statusCode()
                    + (said.isEmpty() ? "." : ": " + said.substring(0, Math.min(SHOWN, said.length()))));
        }
        return answer;
    }

    /** What is waited for. */
    @FunctionalInterface
    private interface Condition {
        boolean holds() throws StepFailedException, InterruptedException;
    }

    private boolean await(Condition condition) throws StepFailedException, InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(PAUSE.toMillis());
        }
        return true;
    }
}
