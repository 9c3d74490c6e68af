package dev.koine.bench;

import dev.koine.bench.machine.ChildProcess;
import dev.koine.bench.machine.HeapLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One {@code koine merge} in a process of its own.
 *
 * @param merge seconds that the command itself says it took, without the start of the JVM; NaN if it does not say
 */
record KoineRun(ChildProcess.Usage usage, double merge, HeapLog heap) {
    private static final Pattern MERGED_IN = Pattern.compile("merged in (\\d+(?:\\.\\d+)?) s");

    /** Merges into {@code work/merged}, and leaves it there. */
    static KoineRun of(Workload workload, BenchOptions options, Path work) throws IOException, InterruptedException {
        Path merged = work.resolve("merged");
        Workload.delete(merged);
        Path gc = work.resolve("gc.log");
        String heap = options.heap().isEmpty() ? "" : " -Xmx" + options.heap();
        ChildProcess.Usage usage = ChildProcess.run(
                List.of(
                        options.home().resolve("koine").toString(),
                        "merge",
                        "--method",
                        "LORS",
                        "--base",
                        workload.base().toString(),
                        "--expert",
                        workload.expert().toString(),
                        "--out",
                        merged.toString()),
                Map.of("KOINE_JAVA_OPTS", HeapLog.option(gc) + heap),
                work.resolve("koine.log"));
        Matcher said = MERGED_IN.matcher(usage.output());
        return new KoineRun(usage, said.find() ? Double.parseDouble(said.group(1)) : Double.NaN, HeapLog.read(gc));
    }

    /** What the goals speak of: the merge, or the whole process where only that is known. */
    double seconds() {
        return Double.isNaN(merge) ? usage.wall() : merge;
    }
}
