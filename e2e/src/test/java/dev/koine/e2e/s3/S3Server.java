package dev.koine.e2e.s3;

import dev.koine.testkit.FreePorts;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.PluginUtils;
import org.jspecify.annotations.Nullable;

/** An S3 server as a process of its own, with one bucket and one key. */
public final class S3Server implements AutoCloseable {
    public static final String BUCKET = "koine";
    public static final String KEY_ID = "koine-test";

    private static final Path LIBRARIES =
            Path.of("..", "s3-server", "target", "lib").toAbsolutePath().normalize();

    private final Path directory;
    private final int port;
    private final String secret;
    private @Nullable Process process;

    private S3Server(Path directory, int port, String secret) {
        this.directory = directory;
        this.port = port;
        this.secret = secret;
    }

    /** Starts one on a free port of the loopback address; what it keeps is below the directory. */
    public static S3Server start(Path directory) throws IOException, InterruptedException {
        if (!Files.isDirectory(LIBRARIES)) {
            throw new IOException(LIBRARIES + " is missing: build the module s3-server, as mvn verify does.");
        }
        Files.createDirectories(directory.resolve("data").resolve(BUCKET));
        S3Server server =
                new S3Server(directory, FreePorts.one(), UUID.randomUUID().toString());
        server.start();
        return server;
    }

    /** Starts it again after {@link #kill}. */
    public void start() throws IOException, InterruptedException {
        Path properties = directory.resolve("s3proxy.properties");
        Files.writeString(properties, """
                s3proxy.endpoint=http://127.0.0.1:%d
                s3proxy.authorization=aws-v2-or-v4
                s3proxy.identity=%s
                s3proxy.credential=%s
                jclouds.provider=filesystem-nio2
                jclouds.filesystem.basedir=%s
                """.formatted(port, KEY_ID, secret, directory.resolve("data")));
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        LIBRARIES + "/*",
                        "org.gaul.s3proxy.Main",
                        "--properties",
                        properties.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("s3.log").toFile()))
                .start();
        for (int i = 0; i < 3000 && process.isAlive(); i++) {
            if (answers()) {
                return;
            }
            Thread.sleep(100);
        }
        throw new IOException("The S3 server does not start: " + Files.readString(directory.resolve("s3.log")));
    }

    /** Ends it as a machine that fails would. */
    public void kill() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
    }

    public int port() {
        return port;
    }

    public String secret() {
        return secret;
    }

    /** A place in the bucket. */
    public static String place(String prefix) {
        return "s3://" + BUCKET + "/" + prefix + "/";
    }

    /** Starts it again if it does not run. */
    public void restartIfDead() throws IOException, InterruptedException {
        if (process == null || !process.isAlive()) {
            start();
        }
    }

    /** Makes this server known to Flink's file systems in this process. */
    public void initializeFileSystems() {
        Configuration configuration = new Configuration();
        configuration.setString("s3.endpoint", "http://127.0.0.1:" + port);
        configuration.setString("s3.path.style.access", "true");
        configuration.setString("s3.access-key", KEY_ID);
        configuration.setString("s3.secret-key", secret);
        FileSystem.initialize(configuration, PluginUtils.createPluginManagerFromRootFolder(configuration));
    }

    /** Puts a folder's files into the bucket. */
    public void put(Path folder, String prefix) throws IOException {
        initializeFileSystems();
        FileSystem bucket = FileSystem.get(URI.create("s3://" + BUCKET + "/"));
        List<Path> files;
        try (Stream<Path> tree = Files.walk(folder)) {
            files = tree.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            org.apache.flink.core.fs.Path target =
                    new org.apache.flink.core.fs.Path(place(prefix) + folder.relativize(file));
            try (OutputStream out = bucket.create(target, FileSystem.WriteMode.OVERWRITE)) {
                Files.copy(file, out);
            }
        }
    }

    /** Where an object is kept. */
    public Path object(String name) {
        return directory.resolve("data").resolve(BUCKET).resolve(name);
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
