package dev.koine.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.store.LocalStore;
import dev.koine.lifecycle.history.StoreCheck;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A store on a file system of its own that can be filled, where this process may mount one; else one that has no faults. */
final class SmallDisk implements FaultyStore {
    private static final String FULL = "fill the store's disk";

    private final Path mount;
    private final boolean mounted;

    private SmallDisk(Path mount, boolean mounted) {
        this.mount = mount;
        this.mounted = mounted;
    }

    /** Mounts a file system in memory on a directory. */
    static SmallDisk at(Path mount, int megabytes) throws IOException, InterruptedException {
        Files.createDirectories(mount);
        boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "koine-chaos", mount.toString());
        Files.createDirectories(mount.resolve("store"));
        return new SmallDisk(mount, mounted);
    }

    boolean canBeFilled() {
        return mounted;
    }

    @Override
    public String uri() {
        return mount.resolve("store").toUri().toString();
    }

    @Override
    public List<String> faults() {
        return mounted ? List.of(FULL) : List.of();
    }

    @Override
    public void begin(String fault) throws IOException {
        byte[] block = new byte[1 << 16];
        try (OutputStream filler = Files.newOutputStream(filler())) {
            while (true) {
                filler.write(block);
            }
        } catch (IOException full) {
            if (!String.valueOf(full.getMessage()).contains("No space left")) {
                throw full;
            }
        }
    }

    @Override
    public void mend() throws IOException {
        Files.deleteIfExists(filler());
    }

    @Override
    public String check(Path work) throws IOException {
        List<String> problems = new ArrayList<>();
        try (WorkPool pool = new WorkPool(2)) {
            StoreCheck.Checked checked = new StoreCheck(
                            LocalStore.open(mount.resolve("store")), work, pool, Progress.NONE, problems::add)
                    .run(false);
            assertThat(problems).isEmpty();
            return checked.artifacts() + " files and models, " + checked.versions() + " versions, each made again; "
                    + checked.orphans() + " belong to no version";
        }
    }

    private Path filler() {
        return mount.resolve("filler");
    }

    private static boolean run(String... line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (mounted && !run("umount", mount.toString())) {
            run("umount", "-l", mount.toString());
        }
    }
}
