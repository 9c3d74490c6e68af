package dev.koine.e2e.s3;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.e2e.s3.FaultyProxy.Mode;
import dev.koine.engine.store.Bundle;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.QuickJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Experts and store in S3, everything in processes of its own, and an S3 server that fails. */
@DisabledForJreRange(minVersion = 24, disabledReason = "Flink's S3 plugin does not run there")
@Execution(ExecutionMode.CONCURRENT)
class S3StoreE2ECase {
    private static final Pattern BROKER = Pattern.compile("Broker: (\\S+:[0-9]+)");
    private static final String STORE = S3Server.place("store");

    @TempDir
    Path directory;

    private S3Server s3;
    private FaultyProxy proxy;

    @BeforeEach
    void start() throws Exception {
        s3 = S3Server.start(Files.createDirectories(directory.resolve("s3")));
        proxy = FaultyProxy.before(s3.port());
        Path configuration = Files.createDirectories(directory.resolve("conf"));
        List<String> ofS3 = Files.readAllLines(Path.of("..", "deploy", "local", "conf", "config.yaml")).stream()
                .filter(line -> line.startsWith("s3."))
                .map(line -> line.replace("@S3_ENDPOINT@", "http://127.0.0.1:" + proxy.port()))
                .toList();
        Files.write(configuration.resolve("config.yaml"), ofS3);
        for (String name : List.of("base", "ca", "de", "es", "fr")) {
            s3.put(Fixtures.ctc(name), "models/" + name);
        }
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
        s3.close();
    }

    @Test
    void expertsAndVersionsLiveInS3AndItsTroubleCostsNothing() throws Exception {
        Path printed = directory.resolve("up.txt");
        Process up = process(
                printed,
                "up",
                "--dir",
                directory.resolve("koine").toString(),
                "--port",
                "0",
                "--store",
                STORE,
                "--allow",
                S3Server.place("models"));
        try {
            String broker = broker(up, printed);
            assertThat(koine("register", "--model", "ctc", "--at", models("base"), fixture("base"), broker))
                    .contains("Version 0 of ctc: sha256:");
            uploads(broker);
            assertThat(submit("xx", S3Server.place("models/nowhere"), broker)).contains("MISSING_FILE");
            assertThat(submit("xx", S3Server.place("elsewhere"), broker)).contains("PLACE_NOT_ALLOWED");
            assertThat(submit("xx", models("es"), broker)).contains("DIGEST_MISMATCH");

            for (Mode trouble : List.of(Mode.UNAVAILABLE, Mode.REFUSE, Mode.CUT, Mode.STALL)) {
                proxy.set(trouble);
                String expert = trouble == Mode.CUT ? "es" : trouble == Mode.STALL ? "fr" : "de";
                Process waiting = process(
                        directory.resolve(trouble + ".txt"),
                        "submit",
                        "--model",
                        "ctc",
                        "--expert",
                        expert,
                        "--revision",
                        String.valueOf(trouble.ordinal()),
                        "--at",
                        models(expert),
                        fixture(expert),
                        "--wait",
                        "500",
                        broker);
                Thread.sleep(4000);
                proxy.set(Mode.PASS);
                assertThat(waiting.waitFor(10, TimeUnit.MINUTES)).isTrue();
                assertThat(Files.readString(directory.resolve(trouble + ".txt")))
                        .as(trouble.toString())
                        .contains("Version ");
            }
            s3.kill();
            s3.start();
            assertThat(koine("rollback", "--model", "ctc", "--to", "1", broker)).contains("Version 6 of ctc");
            assertThat(koine("verify", "--model", "ctc", broker)).contains("7 of 7 versions are good.");
            serves(broker);
            assertThat(koine("verify", "--store", STORE)).contains("7 versions: 0 problems");
            assertThat(koine("gc", "--store", STORE, "--keep", "1", "--grace", "0 s", "--dry-run"))
                    .contains("Would take away");
            Path piece = anyPiece();
            Files.writeString(piece, "damaged".repeat(1000).substring(0, (int) Math.min(7000, Files.size(piece))));
            assertThat(koine("verify", "--store", STORE)).contains("BAD: ");
        } finally {
            up.destroy();
            assertThat(up.waitFor(5, TimeUnit.MINUTES)).isTrue();
        }
        Secrets.requireNone(directory.resolve("koine"), s3.secret());
        Secrets.requireNone(printed, s3.secret());
    }

    /** The second time nothing is copied; an object that was damaged is, and one sentence says where S3 does not take it. */
    private void uploads(String broker) throws Exception {
        String[] line = {
            "submit",
            "--model",
            "ctc",
            "--expert",
            "ca",
            "--upload",
            S3Server.place("models/new"),
            fixture("ca"),
            broker
        };
        proxy.set(Mode.REFUSE);
        assertThat(koine(line))
                .contains("The place " + S3Server.place("models/new") + " does not answer", "Does the S3");
        proxy.set(Mode.PASS);
        assertThat(koine(line)).contains("files copied, 0 there already.", "Version 1 of ctc: sha256:");
        Path copied = onlyFolder(s3.object("models/new"));
        assertThat(Bundle.describe(copied).digest())
                .isEqualTo(Bundle.describe(Fixtures.ctc("ca")).digest())
                .endsWith(copied.getFileName().toString());
        Files.writeString(copied.resolve("model.onnx"), "half");
        String[] again = line.clone();
        again[0] = "sign";
        again[again.length - 1] = "--sign-key=" + key();
        assertThat(koine(with(again, "--out=" + directory.resolve("a.event")))).contains("1 file copied, ");
        assertThat(koine(with(again, "--out=" + directory.resolve("b.event")))).contains("0 files copied, ");
    }

    private Path key() throws Exception {
        Path key = directory.resolve("ca.key");
        koine("keys", "new", "--for", "experts", key.toString());
        return key;
    }

    private static String[] with(String[] line, String more) {
        String[] longer = Arrays.copyOf(line, line.length + 1);
        longer[line.length] = more;
        return longer;
    }

    private static Path onlyFolder(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.toList().get(0);
        }
    }

    private void serves(String broker) throws Exception {
        Path printed = directory.resolve("serve.txt");
        Process service = process(
                printed,
                "serve",
                "--model",
                "ctc",
                "--cache",
                directory.resolve("service").toString(),
                Fixtures.ctc("evaluation/ca").toString(),
                broker);
        try {
            for (int i = 0; i < 3000 && !Files.readString(printed).contains("version 6  answered"); i++) {
                Thread.sleep(100);
            }
            assertThat(Files.readString(printed))
                    .contains("version 6  answered")
                    .doesNotContain("failed 1");
        } finally {
            service.destroy();
            service.waitFor();
        }
    }

    private Path anyPiece() throws IOException {
        try (var files = Files.walk(s3.object("store/artifacts"))) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.toString().endsWith(".renewed"))
                    .filter(file -> {
                        try {
                            return Files.size(file) > 100_000;
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .findFirst()
                    .orElseThrow();
        }
    }

    private String submit(String expert, String place, String broker) throws Exception {
        return koine("submit", "--model", "ctc", "--expert", expert, "--at", place, fixture("ca"), broker);
    }

    private static String models(String name) {
        return S3Server.place("models/" + name);
    }

    private static String fixture(String name) {
        return Fixtures.ctc(name).toString();
    }

    private String koine(String... args) throws Exception {
        Path printed = Files.createTempFile(directory, "printed", ".txt");
        Process process = process(printed, args);
        assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
        return Files.readString(printed);
    }

    private Process process(Path printed, String... args) throws IOException {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-Dlog4j2.configurationFile=log4j2.xml",
                "-Ddev.koine.test=s3",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.koine.cli.Koine"));
        line.addAll(1, QuickJvm.options());
        line.addAll(List.of(args));
        ProcessBuilder builder =
                new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(printed.toFile());
        builder.environment()
                .putAll(Map.of(
                        "FLINK_CONF_DIR", directory.resolve("conf").toString(),
                        "AWS_ACCESS_KEY_ID", S3Server.KEY_ID,
                        "AWS_SECRET_ACCESS_KEY", s3.secret()));
        return builder.start();
    }

    private static String broker(Process up, Path printed) throws Exception {
        for (int i = 0; i < 3000 && up.isAlive(); i++) {
            Matcher broker = BROKER.matcher(Files.readString(printed));
            if (broker.find()) {
                return "--bootstrap-servers=" + broker.group(1);
            }
            Thread.sleep(100);
        }
        throw new IOException("koine up does not come up: " + Files.readString(printed));
    }
}
