package dev.koine.bench.kernel;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** What {@code bench/kernels} runs: the kernels, each on one thread, as a table. */
public final class Kernels {
    private Kernels() {}

    /** Arguments as JMH takes them; its own defaults are short. */
    public static void main(String[] arguments) throws Exception {
        CommandLineOptions given = new CommandLineOptions(arguments);
        OptionsBuilder options = new OptionsBuilder();
        options.parent(given);
        if (given.getIncludes().isEmpty()) {
            options.include(Kernels.class.getPackageName() + "\\.");
        }
        options.mode(Mode.AverageTime)
                .timeUnit(TimeUnit.NANOSECONDS)
                .verbosity(VerboseMode.SILENT)
                .forks(given.getForkCount().orElse(1))
                .warmupIterations(given.getWarmupIterations().orElse(3))
                .warmupTime(given.getWarmupTime().orElse(TimeValue.seconds(1)))
                .measurementIterations(given.getMeasurementIterations().orElse(5))
                .measurementTime(given.getMeasurementTime().orElse(TimeValue.seconds(1)))
                .jvmArgsAppend("-XX:+UseParallelGC", "-Xmx1g");
        System.out.println("| kernel | shape | elements of | ms | error | ns an element |\n|---|---|---|---|---|---|");
        for (RunResult result : new Runner(options.build()).run()) {
            print(result);
        }
    }

    private static void print(RunResult result) {
        String name = result.getParams().getBenchmark();
        String shape = result.getParams().getParam("shape");
        String type = result.getParams().getParam("type");
        double nanos = result.getPrimaryResult().getScore();
        double error = result.getPrimaryResult().getScoreError();
        String[] sides = shape.split("x", 2);
        double elements = Double.parseDouble(sides[0]) * Double.parseDouble(sides[1]);
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %s | %.3f | ±%.0f %% | %.3f |%n",
                name.substring(name.lastIndexOf('.') + 1),
                shape,
                type == null ? "FLOAT" : type,
                nanos / 1e6,
                100 * error / nanos,
                nanos / elements);
    }
}
