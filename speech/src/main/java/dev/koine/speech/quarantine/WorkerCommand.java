package dev.koine.speech.quarantine;

import ai.onnxruntime.OrtEnvironment;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.koine.engine.RejectedException;
import dev.koine.speech.onnx.CodePlaces;
import dev.koine.speech.onnx.NativeRuntime;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/**
 * The command that starts a worker: a small JVM of this one's Java, under limits of the operating system, without this process's
 * environment. It writes no file and dumps no core; replies leave it by a descriptor of their own, so that nothing that native code prints
 * gets among them; and it does not hear the signals that end a group of processes, which are not for it: it ends with its input. It compiles for a quick
 * start only, since most of its work is native.
 */
final class WorkerCommand {
    private static final String REPLIES = "/dev/fd/3";
    private static final String LIMITED = String.join(
            "; ",
            "trap '' INT TERM HUP QUIT",
            "ulimit -c 0",
            "ulimit -f 0",
            "ulimit -n \"$1\" 2>/dev/null",
            "[ \"$2\" = 0 ] || ulimit -d \"$2\" 2>/dev/null",
            "shift 2",
            "exec \"$@\" 3>&1 1>&2");
    /** What a worker's libraries are found by, and a GPU. */
    private static final Set<String> INHERITED = Set.of(
            "PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_PATH", "NVIDIA_VISIBLE_DEVICES");

    private WorkerCommand() {}

    /**
     * The process to start.
     *
     * @param memory bytes of private memory
     * @param temporary a folder for it alone, of no use once it is ready
     * @throws IOException if libraries that it needs are not found
     */
    static ProcessBuilder of(QuarantineLimits limits, long memory, Path temporary) throws IOException {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", LIMITED, "koine-quarantine"));
        command.add(Integer.toString(limits.openFiles()));
        command.add(Long.toString(hasGpu() ? 0 : memory >> 10));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xmx" + (limits.heap() >> 10) + "k",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:ReservedCodeCacheSize=48m",
                "-XX:CompressedClassSpaceSize=48m",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:-UsePerfData",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=/dev/null",
                "-XX:+DisableAttachMechanism",
                "-Dfile.encoding=UTF-8",
                "-Djava.awt.headless=true",
                "-Djava.io.tmpdir=" + temporary,
                "-Donnxruntime.native.path=" + NativeRuntime.locate(),
                "-cp",
                classPath(temporary),
                WorkerMain.class.getName(),
                REPLIES));
        ProcessBuilder process = new ProcessBuilder(command).directory(new File("/"));
        Map<String, String> environment = process.environment();
        environment.keySet().retainAll(INHERITED);
        environment.put("ORT_DISABLE_TELEMETRY", "1");
        environment.put("MALLOC_ARENA_MAX", "4");
        return process;
    }

    /**
     * Where a folder for a worker is made: where this process may write, or else where any may. ONNX Runtime makes an empty folder at its
     * start, which is to go away when a JVM ends in order, as no worker does.
     */
    static Path temporary() throws IOException {
        for (String place : List.of(System.getProperty("java.io.tmpdir", "/tmp"), "/tmp", "/dev/shm")) {
            Path folder = Path.of(place).toAbsolutePath();
            boolean isPlace = !folder.toString().contains(File.pathSeparator);
            if (isPlace && Files.isDirectory(folder) && Files.isWritable(folder)) {
                return folder;
            }
        }
        throw new IOException(
                "Nothing can be written to " + System.getProperty("java.io.tmpdir")
                        + ", where Java keeps temporary files. Name another folder: -Djava.io.tmpdir=DIR (KOINE_JAVA_OPTS of the command).");
    }

    private static String classPath(Path temporary) throws IOException {
        Set<Path> places = new LinkedHashSet<>();
        for (Class<?> type : List.of(
                WorkerMain.class,
                RejectedException.class,
                OrtEnvironment.class,
                ObjectMapper.class,
                JsonFactory.class,
                JsonProperty.class,
                LoggerFactory.class)) {
            places.add(CodePlaces.of(type));
        }
        boolean isPath = places.stream().noneMatch(place -> place.toString().contains(File.pathSeparator));
        return isPath
                ? places.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator))
                : listing(places, temporary.resolve("places.jar")).toString();
    }

    /**
     * A jar that names places as URLs. Flink keeps the jars of jobs in a folder that is called by the TaskManager's host and port, and a colon ends a place
     * of a class path.
     */
    private static Path listing(Set<Path> places, Path jar) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes()
                .put(
                        Attributes.Name.CLASS_PATH,
                        places.stream().map(place -> place.toUri().toString()).collect(Collectors.joining(" ")));
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        }
        return jar;
    }

    /** A CUDA context takes more memory than a bound on private memory can be told from a model's. */
    private static boolean hasGpu() {
        return Files.exists(Path.of("/proc/driver/nvidia")) || Files.exists(Path.of("/dev/nvidiactl"));
    }
}
