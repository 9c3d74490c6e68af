package dev.koine.e2e.services;

import dev.koine.flink.topics.TopicSetup;
import dev.koine.schemas.Topics;
import dev.koine.testkit.FreePorts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A broker, a store in a folder and over HTTP, and the services that follow it, each in a process of its own: one that embeds the subscriber, {@code koine
 * follow} with a reader of its folder, and one in Python, where there is a Python that has what it needs.
 */
final class Rig implements AutoCloseable {
    static final String BROKER = "broker";
    static final String FOLLOWER = "follower";
    static final String EMBEDDED = JavaService.NAME;
    static final String PYTHON = "python";
    private static final String MODEL = "speech";
    private static final String MODEL_OVER_HTTP = "speech-http";
    private static final Path CLIENT =
            Path.of("..", "clients", "python", "src").toAbsolutePath().normalize();
    private static final Path SERVICE =
            Path.of("src", "test", "python", "service.py").toAbsolutePath();

    /** Shorter than many a pause: a follower that is paused while it waits for its server must not blame the version. */
    private static final String PATIENCE = "1 s";

    final BreakableStore store;
    final StoreFront front;
    final Publisher publisher;
    final Calls embeddedCalls = new Calls();
    final Calls pythonCalls = new Calls();
    final FolderReader reader;

    final Optional<WallClocks> clocks;

    private final Path directory;
    private final String broker;
    private final Map<String, ManagedProcess> processes = new LinkedHashMap<>();

    Rig(Path directory) throws Exception {
        this.directory = directory;
        clocks = WallClocks.in(directory.resolve("clocks"));
        store = new BreakableStore(directory.resolve("store"));
        front = new StoreFront(store.root());
        int port = FreePorts.one();
        broker = "127.0.0.1:" + port;
        publisher = new Publisher(
                broker,
                store,
                List.of(
                        new BreakableStore.Place(MODEL, store.root().toUri().toString()),
                        new BreakableStore.Place(MODEL_OVER_HTTP, front.uri())));
        add(BROKER, java("256m", BrokerProcess.class.getName(), path("broker"), String.valueOf(port)), line -> {});
        add(EMBEDDED, java("128m", JavaService.class.getName(), broker, MODEL, path("cache")), embeddedCalls);
        add(FOLLOWER, java("128m", "dev.koine.cli.Koine", follow()), line -> {});
        Optional<String> python = python();
        if (python.isPresent()) {
            String cache = path("cache-python");
            add(PYTHON, List.of(python.get(), "-B", SERVICE.toString(), broker, MODEL_OVER_HTTP, cache), pythonCalls);
        }
        process(BROKER).start();
        TopicSetup.createMissing(kafka(), Topics.DEFAULT, 2);
        publisher.publish(Content.GOOD);
        reader = new FolderReader(served());
        for (String service : services()) {
            process(service).start();
        }
    }

    private String[] follow() {
        return new String[] {
            "follow",
            "--model",
            MODEL,
            "--bootstrap-servers",
            broker,
            "--service",
            FOLLOWER,
            "--patience",
            PATIENCE,
            "--health",
            "grep -q ' good$' \"$KOINE_FOLDER/" + Content.ANSWER + "\"",
            served().toString()
        };
    }

    private void add(String name, List<String> command, Consumer<String> lines) throws IOException {
        Map<String, String> environment = new HashMap<>(Map.of("PYTHONPATH", CLIENT.toString()));
        if (clocks.isPresent() && hasClock(name)) {
            environment.putAll(clocks.get().environment(name));
        }
        processes.put(name, new ManagedProcess(name, command, environment, directory.resolve(name + ".log"), lines));
    }

    /** Not Python's: librdkafka asks the clock for moments to wait until, which the kernel then measures by its own. */
    static boolean hasClock(String process) {
        return process.equals(EMBEDDED) || process.equals(FOLLOWER);
    }

    private static List<String> java(String heap, String main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                main));
        command.addAll(List.of(arguments));
        return command;
    }

    /** One that has what {@code clients/python} needs; empty if there is none. */
    private static Optional<String> python() throws IOException, InterruptedException {
        String python = System.getenv().getOrDefault("KOINE_PYTHON", "python3");
        ProcessBuilder probe = new ProcessBuilder(python, "-c", "import koine_subscriber, confluent_kafka")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        probe.environment().put("PYTHONPATH", CLIENT.toString());
        try {
            Process process = probe.start();
            return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0
                    ? Optional.of(python)
                    : Optional.empty();
        } catch (IOException none) {
            return Optional.empty();
        }
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }

    Path served() {
        return directory.resolve("served");
    }

    boolean hasPython() {
        return processes.containsKey(PYTHON);
    }

    List<String> services() {
        return processes.keySet().stream().filter(name -> !name.equals(BROKER)).toList();
    }

    ManagedProcess process(String name) {
        return Objects.requireNonNull(processes.get(name), name);
    }

    Properties kafka() {
        Properties kafka = new Properties();
        kafka.setProperty("bootstrap.servers", broker);
        return kafka;
    }

    /** Who serves which version now; the folder's is that of its link. */
    Map<String, Long> serving() throws IOException {
        Map<String, Long> serving = new LinkedHashMap<>();
        serving.put(EMBEDDED, embeddedCalls.version());
        Path link = served().resolve("current");
        serving.put(
                FOLLOWER,
                Files.isSymbolicLink(link)
                        ? Long.parseLong(Files.readSymbolicLink(link)
                                .getFileName()
                                .toString()
                                .replaceAll("-.*", ""))
                        : -1);
        if (hasPython()) {
            serving.put(PYTHON, pythonCalls.version());
        }
        return serving;
    }

    /** What each printed last, for a message. */
    String tails() {
        StringBuilder all = new StringBuilder();
        processes.values().forEach(process -> all.append(process.tail()).append('\n'));
        return all.toString();
    }

    @Override
    public void close() throws Exception {
        publisher.close();
        for (ManagedProcess process : processes.values()) {
            process.close();
        }
        reader.close();
        front.close();
    }
}
