package dev.koine.e2e.services;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Wall clocks of processes that can be set forward and back, by a library that stands before the system's: where there is a C compiler. */
final class WallClocks {
    private static final Path SOURCE = Path.of("src", "test", "c", "clock.c").toAbsolutePath();

    private final Path directory;
    private final Path library;

    private WallClocks(Path directory, Path library) {
        this.directory = directory;
        this.library = library;
    }

    /** Compiles the library; empty where that does not work. */
    static Optional<WallClocks> in(Path directory) throws IOException, InterruptedException {
        Path library = Files.createDirectories(directory).resolve("clock.so");
        try {
            Process compiler = new ProcessBuilder(
                            "cc", "-shared", "-fPIC", "-O2", "-o", library.toString(), SOURCE.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return compiler.waitFor(60, TimeUnit.SECONDS) && compiler.exitValue() == 0
                    ? Optional.of(new WallClocks(directory, library))
                    : Optional.empty();
        } catch (IOException none) {
            return Optional.empty();
        }
    }

    /** What a process needs in its environment to have a clock of its own. */
    Map<String, String> environment(String process) throws IOException {
        set(process, 0);
        return Map.of(
                "LD_PRELOAD", library.toString(), "KOINE_CLOCK", file(process).toString());
    }

    /** @param ahead seconds that the process's clock is ahead of the machine's */
    void set(String process, long ahead) throws IOException {
        ByteBuffer number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
        number.putLong(ahead).flip();
        try (FileChannel file = FileChannel.open(file(process), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.write(number, 0);
        }
    }

    private Path file(String process) {
        return directory.resolve("clock-" + process);
    }
}
