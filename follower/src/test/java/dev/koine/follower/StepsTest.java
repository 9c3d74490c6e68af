package dev.koine.follower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.koine.follower.Step.StepFailedException;
import dev.koine.subscriber.TroubleHereException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands, webhooks and questions whether a server is well. */
class StepsTest {
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final String SECRET = "whsec_" + Base64.getEncoder().encodeToString(KEY);

    @TempDir
    private Path directory;

    private Placed placed;
    private Occasion occasion;
    private HttpServer server;
    private final List<Received> received = new ArrayList<>();
    private final List<Integer> answers = new ArrayList<>();

    private record Received(String method, String id, String timestamp, String signature, String body) {}

    @BeforeEach
    void start() throws Exception {
        placed = new Placed(Texts.update(directory, 7), directory);
        occasion = new Occasion(placed, null);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) {
        try (exchange) {
            received.add(new Received(
                    exchange.getRequestMethod(),
                    String.valueOf(exchange.getRequestHeaders().getFirst("webhook-id")),
                    String.valueOf(exchange.getRequestHeaders().getFirst("webhook-timestamp")),
                    String.valueOf(exchange.getRequestHeaders().getFirst("webhook-signature")),
                    new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
            int status = answers.isEmpty() ? 204 : answers.remove(0);
            if (status == 302) {
                exchange.getResponseHeaders().set("Location", "/elsewhere");
            }
            exchange.sendResponseHeaders(status, -1);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/hook");
    }

    private Webhook webhook(Optional<String> secret) {
        return new Webhook(url(), secret, SOON, () -> Instant.ofEpochSecond(1_800_000_000));
    }

    @Test
    void aCommandIsToldInItsEnvironmentAndOnItsInput() throws Exception {
        Path out = directory.resolve("out.txt");
        String print = "$KOINE_EVENT $KOINE_MODEL $KOINE_VERSION $KOINE_DIGEST $KOINE_FOLDER [$KOINE_FAILURE]";
        new ShellCommand("(echo \"" + print + "\"; cat) > '" + out + "'", SOON)
                .take(new Occasion(placed, "It's \"bad\"."));
        List<String> lines = Files.readAllLines(out);
        assertThat(lines.get(0))
                .isEqualTo(
                        "version.back texts 7 " + placed.update().getDigest() + " " + directory + " [It's \"bad\".]");
        JsonNode json = new JsonMapper().readTree(lines.get(1));
        assertThat(json.get("failure").textValue()).isEqualTo("It's \"bad\".");
        assertThat(json.get("version").longValue()).isEqualTo(7);
        assertThat(json.get("update").get("bundle").get("files")).hasSize(2);
    }

    @Test
    void aCommandFailsWithWhatItPrinted() {
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> new ShellCommand("echo no such model >&2; exit 3", SOON).take(occasion))
                .withMessage("'echo no such model >&2; exit 3' ended with 3: no such model");
    }

    @Test
    void aCommandThatDoesNotEndIsKilledWithItsChildren() throws Exception {
        Path pids = directory.resolve("pids");
        ShellCommand endless = new ShellCommand(
                "sleep 600 & echo $$ $! > '" + pids + ".new'; mv '" + pids + ".new' '" + pids + "'; wait",
                Duration.ofMinutes(5));
        FutureTask<Void> told = new FutureTask<>(() -> {
            endless.take(occasion);
            return null;
        });
        Thread thread = new Thread(told);
        thread.start();
        await(() -> Files.exists(pids));
        thread.interrupt();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(told::get)
                .withCauseInstanceOf(InterruptedException.class);
        String[] shellAndChild = Files.readString(pids).strip().split(" ");
        assertThat(isRunning(shellAndChild[0])).isFalse();
        await(() -> !isRunning(shellAndChild[1]));
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 1200 && !condition.getAsBoolean(); i++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    /** One that nobody has collected yet is there, without a command line. */
    private static boolean isRunning(String pid) {
        return ProcessHandle.of(Long.parseLong(pid))
                .flatMap(process -> process.info().commandLine())
                .isPresent();
    }

    @Test
    void aCommandThatDoesNotReadIsKilledInTimeHoweverMuchItIsTold() {
        placed.update().getBundle().setUri("x".repeat(300_000));
        long begun = System.nanoTime();
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> new ShellCommand("sleep 300", Duration.ofMillis(300)).take(occasion))
                .withMessageContaining("did not end within");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(200));
    }

    @Test
    void ofWhatACommandPrintsTheEndIsSaid() {
        String much = "yes é | head -c 3000000; echo the end; exit 1";
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> new ShellCommand(much, SOON).take(occasion))
                .satisfies(e -> assertThat(e.getMessage()).endsWith("the end").hasSizeLessThan(700));
    }

    @Test
    void aWebhookIsSignedAsStandardWebhooksHasIt() throws Exception {
        webhook(Optional.of(SECRET + "\n")).take(occasion);
        Received hook = received.get(0);
        assertThat(hook.method()).isEqualTo("POST");
        assertThat(hook.id()).isEqualTo("texts/7/" + placed.update().getDigest());
        assertThat(hook.timestamp()).isEqualTo("1800000000");
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
        String signed = hook.id() + ".1800000000." + hook.body();
        assertThat(hook.signature())
                .isEqualTo("v1,"
                        + Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8))));
        assertThat(new JsonMapper().readTree(hook.body()).get("type").textValue())
                .isEqualTo("version.current");
    }

    @Test
    void aWebhookWithoutASecretIsNotSigned() throws Exception {
        webhook(Optional.empty()).take(occasion);
        assertThat(received.get(0).signature()).isEqualTo("null");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_***"})
    void whatIsNoSecretIsRefused(String secret) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> webhook(Optional.of(secret)))
                .withMessageContaining("openssl rand -base64 32");
    }

    @Test
    void whateverIsNotTwoHundredFails() {
        answers.addAll(List.of(500, 302));
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> webhook(Optional.empty()).take(occasion))
                .withMessage(url() + " answered 500.");
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> new UrlHealth(url(), SOON).take(occasion))
                .withMessage(url() + " answered 302.");
        server.stop(0);
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> new UrlHealth(url(), SOON).take(occasion))
                .withMessageContaining("does not answer");
    }

    /** Here since its environment is too large for the system; a full disk ends in the same place. */
    @Test
    void aCommandThatCannotBeRunHereIsNoVersionsFault() {
        Occasion tooLong = new Occasion(placed, "x".repeat(1 << 20));
        assertThatExceptionOfType(TroubleHereException.class)
                .isThrownBy(() -> new ShellCommand("true", SOON).take(tooLong))
                .withMessageContaining("'true' could not be run");
    }

    @Test
    void aStepThatFailsIsTakenAgainWithTheSameId() throws Exception {
        answers.addAll(List.of(503, 503));
        Patience patience = new Patience(SOON, Duration.ofMillis(1), Duration.ofMillis(2));
        patience.take(List.of(webhook(Optional.empty()), new UrlHealth(url(), SOON)), occasion);
        assertThat(received).extracting(Received::method).containsExactly("POST", "POST", "POST", "GET");
        assertThat(received.stream().limit(3).map(Received::id).distinct()).hasSize(1);
    }

    /** A step that was cut short by a pause of this process says nothing about the server. */
    @Test
    void patienceDoesNotEndWhileThisProcessIsPaused() throws Exception {
        AtomicLong clock = new AtomicLong();
        AtomicInteger tries = new AtomicInteger();
        Step step = told -> {
            if (tries.incrementAndGet() < 3) {
                clock.addAndGet(Duration.ofMinutes(1).toNanos());
                throw new Step.StepFailedException("It did not end within 30 s.");
            }
        };
        new Patience(Duration.ofSeconds(30), Duration.ofMillis(1), Duration.ofMillis(1))
                .take(List.of(step), occasion, clock::get);
        assertThat(tries).hasValue(3);
    }

    @Test
    void patienceEndsWhenTheNextPauseWouldOutlastIt() {
        answers.addAll(java.util.Collections.nCopies(1000, 503));
        Duration within = Duration.ofMillis(50);
        Duration longest = Duration.ofMillis(5);
        Patience patience = new Patience(within, Duration.ofMillis(1), longest);
        long begun = System.nanoTime();
        assertThatExceptionOfType(StepFailedException.class)
                .isThrownBy(() -> patience.take(List.of(new UrlHealth(url(), SOON)), occasion))
                .withMessageContaining("answered 503");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(within.minus(longest));
    }
}
