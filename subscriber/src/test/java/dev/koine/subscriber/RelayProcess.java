package dev.koine.subscriber;

import dev.koine.engine.store.BundleSource;
import dev.koine.events.inband.Relay;
import dev.koine.events.inband.RelayListener;
import dev.koine.events.inband.RelaySettings;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A relay in a process of its own, which stays in the middle of the long file until it is killed. */
final class RelayProcess {
    private RelayProcess() {}

    /** Starts one. */
    static Process start(String broker, String updates, String artifacts, Path store, long bytes) throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        return new ProcessBuilder(List.of(
                        java.toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        RelayProcess.class.getName(),
                        broker,
                        updates,
                        artifacts,
                        store.toString(),
                        Long.toString(bytes)))
                .redirectErrorStream(true)
                .redirectOutput(store.resolve("relay.log").toFile())
                .start();
    }

    /** Arguments: broker, topic of updates, topic of chunks, folder with the versions' folders, how many bytes of the long file are given. */
    public static void main(String[] arguments) throws Exception {
        Path store = Path.of(arguments[3]);
        AtomicInteger opened = new AtomicInteger();
        BundleSource stops = (bundle, file) -> {
            InputStream in = Files.newInputStream(
                    store.resolve(Path.of(bundle.uri().getPath()).getFileName()).resolve(file.path()));
            boolean isSent = file.path().equals("weights.bin") && opened.incrementAndGet() == 2;
            return isSent ? new InBandITCase.StopsAfter(in, Long.parseLong(arguments[4]), new CountDownLatch(1)) : in;
        };
        Properties kafka = new Properties();
        kafka.put("bootstrap.servers", arguments[0]);
        RelaySettings preset = RelaySettings.of(kafka);
        RelaySettings settings = new RelaySettings(
                kafka,
                arguments[1],
                arguments[2],
                preset.content(),
                preset.limit(),
                preset.keep(),
                "none",
                false,
                null);
        try (Relay relay = Relay.start(settings, stops, new RelayListener() {})) {
            new CountDownLatch(1).await();
        }
    }
}
