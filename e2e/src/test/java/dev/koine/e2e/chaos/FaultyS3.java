package dev.koine.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.e2e.s3.FaultyProxy;
import dev.koine.e2e.s3.FaultyProxy.Mode;
import dev.koine.e2e.s3.S3Server;
import dev.koine.e2e.s3.Secrets;
import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.lifecycle.history.StoreCheck;
import dev.koine.objectstore.Stores;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A store in S3, behind a proxy that lets nobody through at times, on a server that can be killed. */
final class FaultyS3 implements FaultyStore {
    private static final String KILL = "kill the S3 server";
    private static final Map<String, Mode> MODES = Map.of(
            "S3 answers 503", Mode.UNAVAILABLE,
            "S3 refuses connections", Mode.REFUSE,
            "S3 cuts connections", Mode.CUT,
            "S3 does not answer", Mode.STALL);
    private static final long CACHE_BYTES = 1L << 30;

    private final S3Server server;
    private final FaultyProxy proxy;

    private FaultyS3(S3Server server, FaultyProxy proxy) {
        this.server = server;
        this.proxy = proxy;
    }

    static FaultyS3 in(Path directory) throws IOException, InterruptedException {
        S3Server server = S3Server.start(Files.createDirectories(directory));
        return new FaultyS3(server, FaultyProxy.before(server.port()));
    }

    @Override
    public String uri() {
        return S3Server.place("store");
    }

    @Override
    public List<String> clusterOptions() {
        return List.of("--s3-endpoint", "http://127.0.0.1:" + proxy.port());
    }

    @Override
    public Map<String, String> environment() {
        return Map.of("AWS_ACCESS_KEY_ID", S3Server.KEY_ID, "AWS_SECRET_ACCESS_KEY", server.secret());
    }

    @Override
    public List<String> faults() {
        return List.of(KILL, "S3 answers 503", "S3 refuses connections", "S3 cuts connections", "S3 does not answer");
    }

    @Override
    public void begin(String fault) throws InterruptedException {
        if (fault.equals(KILL)) {
            server.kill();
        } else {
            proxy.set(Objects.requireNonNull(MODES.get(fault), fault));
        }
    }

    @Override
    public void mend() throws IOException, InterruptedException {
        proxy.set(Mode.PASS);
        server.restartIfDead();
    }

    /** Makes the storage known to this process. */
    void initializeFileSystems() {
        server.initializeFileSystems();
    }

    @Override
    public String check(Path work) throws Exception {
        initializeFileSystems();
        List<String> problems = new ArrayList<>();
        try (WorkPool pool = new WorkPool(2)) {
            StoreCheck.Checked checked = new StoreCheck(
                            Stores.open(URI.create(uri()), work.resolve("check-cache"), CACHE_BYTES, Runnable::run),
                            work,
                            pool,
                            Progress.NONE,
                            problems::add)
                    .run(false);
            assertThat(problems).isEmpty();
            return checked.artifacts() + " files and models, " + checked.versions() + " versions, each made again; "
                    + checked.orphans() + " belong to no version";
        }
    }

    /** No log, checkpoint or folder of the cluster holds the secret key. */
    @Override
    public void requireNoSecret(Path directory) throws IOException {
        Secrets.requireNone(directory, server.secret());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        proxy.close();
        server.close();
    }
}
