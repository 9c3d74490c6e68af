package dev.koine.e2e;

import dev.koine.testkit.FreePorts;
import dev.koine.testkit.QuickJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/** The cluster of {@code deploy/local}, through its own script. */
public final class LocalCluster implements AutoCloseable {
    public static final String ZOOKEEPER = "zookeeper";
    public static final String BROKER = "broker";
    public static final String JOBMANAGER = "jobmanager";
    public static final String SESSION = "session";
    public static final List<String> TASKMANAGERS = List.of("taskmanager-1", "taskmanager-2");
    public static final String SERVICE = "service";
    /** Of the merge job that the JobManager runs. */
    public static final String JOB_ID = "00000000000000000000006b6f696e65";

    private static final Path SCRIPT =
            Path.of("..", "deploy", "local", "cluster").toAbsolutePath().normalize();
    private static final int PORTS = 10;
    private static final int START_SECONDS = 600;

    private final Path directory;
    private final int portBase;
    private final Map<String, String> environment;

    private LocalCluster(Path directory, int portBase, Map<String, String> environment) {
        this.directory = directory;
        this.portBase = portBase;
        this.environment = environment;
    }

    /**
     * Prepares a cluster whose ports are free now; {@link #start} runs its processes.
     *
     * @param environment of its processes, beside the usual
     */
    public static LocalCluster in(Path directory, Map<String, String> environment) throws IOException {
        return new LocalCluster(Files.createDirectories(directory), FreePorts.row(PORTS), environment);
    }

    public Path directory() {
        return directory;
    }

    public Properties kafka() {
        Properties kafka = new Properties();
        kafka.setProperty("bootstrap.servers", "127.0.0.1:" + portBase);
        return kafka;
    }

    /** The store, unless another was named. */
    public Path store() {
        return directory.resolve("store");
    }

    /** Flink's configuration, once a process was started. */
    public Path configuration() {
        return directory.resolve("conf");
    }

    /** Starts the named processes, or all but the service. */
    public void start(String... arguments) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("--port-base", String.valueOf(portBase)));
        all.addAll(Arrays.asList(arguments));
        script("start", all);
    }

    /** Ends the named processes in order. */
    public void stop(String... processes) throws IOException, InterruptedException {
        script("stop", List.of(processes));
    }

    /** Ends a process as a machine that fails would. */
    public void kill(String process) throws IOException, InterruptedException {
        signal(process, "KILL");
        for (int i = 0; i < 3000 && isRunning(process); i++) {
            Thread.sleep(20);
        }
    }

    public void pause(String process) throws IOException, InterruptedException {
        signal(process, "STOP");
    }

    public void resume(String process) throws IOException, InterruptedException {
        signal(process, "CONT");
    }

    public boolean isRunning(String process) throws IOException {
        return running(process).isPresent();
    }

    public Path log(String process) {
        return directory.resolve("log").resolve(process + ".log");
    }

    private Optional<ProcessHandle> running(String process) throws IOException {
        Path file = directory.resolve("run").resolve(process + ".pid");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String pid = Files.readString(file).strip();
        return pid.isEmpty()
                ? Optional.empty()
                : ProcessHandle.of(Long.parseLong(pid)).filter(handle -> isOurs(handle, process));
    }

    private boolean isOurs(ProcessHandle handle, String process) {
        try {
            String line = Files.readString(Path.of("/proc", String.valueOf(handle.pid()), "cmdline"));
            return line.contains("koine.process=" + process) && line.contains(directory.toString());
        } catch (IOException gone) {
            return false;
        }
    }

    private void signal(String process, String signal) throws IOException, InterruptedException {
        Optional<ProcessHandle> found = running(process);
        if (found.isPresent()) {
            run(List.of("kill", "-" + signal, String.valueOf(found.get().pid())), START_SECONDS);
        }
    }

    private void script(String command, List<String> arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(SCRIPT.toString(), command, "--dir", directory.toString()));
        line.addAll(arguments);
        int exit = run(line, START_SECONDS);
        if (exit != 0) {
            throw new IOException(line + " ended with " + exit + ": " + Files.readString(printed()));
        }
    }

    private Path printed() {
        return directory.resolve("printed-" + Thread.currentThread().getName());
    }

    private int run(List<String> line, int seconds) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(printed().toFile());
        Map<String, String> variables = builder.environment();
        variables.put("KOINE_JAVA_OPTS", QuickJvm.line());
        variables.putAll(environment);
        variables.put("KOINE_CLASSPATH", System.getProperty("java.class.path"));
        variables.put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return -1;
        }
        return process.exitValue();
    }

    /** Kills whatever still runs; the folder stays. */
    @Override
    public void close() throws IOException, InterruptedException {
        for (String process :
                List.of(SERVICE, TASKMANAGERS.get(0), TASKMANAGERS.get(1), SESSION, JOBMANAGER, BROKER, ZOOKEEPER)) {
            kill(process);
        }
    }
}
