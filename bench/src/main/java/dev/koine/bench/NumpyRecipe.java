package dev.koine.bench;

import dev.koine.bench.machine.ChildProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The recipe in numpy, {@code eval/shaped_recipe.py}, in a process of its own. */
final class NumpyRecipe {
    private final BenchOptions options;
    private final Path work;

    NumpyRecipe(BenchOptions options, Path work) {
        this.options = options;
        this.work = work;
    }

    ChildProcess.Usage merge(Workload workload) throws IOException, InterruptedException {
        return run(workload.directory().toString(), work.resolve("recipe").toString());
    }

    /** A sentence on how far the two results are apart. */
    String compare(Workload workload) throws IOException, InterruptedException {
        return run(
                        workload.directory().toString(),
                        work.resolve("recipe").toString(),
                        work.resolve("merged").toString())
                .output()
                .strip();
    }

    private ChildProcess.Usage run(String... arguments) throws IOException, InterruptedException {
        String script = options.home().resolve("eval/shaped_recipe.py").toString();
        List<String> command = new ArrayList<>(List.of(options.python(), script));
        command.addAll(List.of(arguments));
        String threads = Integer.toString(Runtime.getRuntime().availableProcessors());
        return ChildProcess.run(command, Map.of("OPENBLAS_NUM_THREADS", threads), work.resolve("numpy.log"));
    }
}
