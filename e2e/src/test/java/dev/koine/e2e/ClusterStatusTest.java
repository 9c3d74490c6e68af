package dev.koine.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code deploy/local/cluster status} makes of processes that run; these only sleep under their names. */
class ClusterStatusTest {
    private static final Path SCRIPT =
            Path.of("..", "deploy", "local", "cluster").toAbsolutePath().normalize();

    @TempDir
    Path directory;

    private final List<Process> running = new ArrayList<>();

    @BeforeEach
    void runAllButAManager() throws Exception {
        Files.createDirectories(directory.resolve("run"));
        for (String process : List.of("zookeeper", "broker", "taskmanager-1", "taskmanager-2", "service")) {
            run(process);
        }
    }

    @AfterEach
    void stop() {
        running.forEach(Process::destroyForcibly);
    }

    @Test
    void aClusterThatRunsTheJobItselfIsWholeWithoutASession() throws Exception {
        assertThat(status()).isEqualTo(1);
        run("jobmanager");
        assertThat(status()).isZero();
    }

    @Test
    void aSessionStandsInForTheJobsOwnManager() throws Exception {
        run("session");
        assertThat(status()).isZero();
    }

    private void run(String process) throws IOException, InterruptedException {
        Process sleeps = new ProcessBuilder("bash", "-c", "exec -a koine.process=" + process + " sleep 3600").start();
        running.add(sleeps);
        Path line = Path.of("/proc", String.valueOf(sleeps.pid()), "cmdline");
        for (int i = 0; i < 6000 && !Files.readString(line).startsWith("koine.process"); i++) {
            Thread.sleep(10);
        }
        Files.writeString(directory.resolve("run").resolve(process + ".pid"), sleeps.pid() + "\n");
    }

    private int status() throws IOException, InterruptedException {
        Process script = new ProcessBuilder(SCRIPT.toString(), "status", "--dir", directory.toString())
                .redirectErrorStream(true)
                .start();
        String printed = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(script.waitFor(5, TimeUnit.MINUTES)).as(printed).isTrue();
        return script.exitValue();
    }
}
