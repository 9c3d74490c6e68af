package dev.koine.bench;

import dev.koine.bench.machine.ChildProcess;
import dev.koine.bench.machine.Rates;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** What was measured of one model, as markdown. */
final class Report {
    /** From this part of the processors' time on that they idled for the disk, it is the disk that limits. */
    private static final double DISK_BOUND = 0.2;

    private final Workload workload;
    private final Rates rates;
    private final Comparison comparison;
    private final Floor floor;
    private final Floor floorOfThisWay;
    private final KoineRun median;

    Report(Workload workload, Rates rates, Comparison comparison) throws IOException {
        this.workload = workload;
        this.rates = rates;
        this.comparison = comparison;
        this.floor = Floor.ofBytesAndOperations(workload, rates);
        this.floorOfThisWay = Floor.ofThisWay(workload, rates);
        this.median = Comparison.median(comparison.koine());
    }

    String section() throws IOException {
        Markdown table = new Markdown(
                "what",
                "wall s",
                "user s",
                "sys s",
                "peak MB",
                "of it beyond files",
                "read from disk GB",
                "waited for disk",
                "of the floor",
                "of this way's floor");
        KoineRun best = comparison.koine().get(0);
        row(table, "koine merge, median of " + comparison.koine().size(), median.usage());
        row(table, "the same without the JVM's start", median.merge());
        row(table, "koine merge, best", best.usage());
        if (!comparison.numpy().isEmpty()) {
            row(table, "numpy, median of " + comparison.numpy().size(), Comparison.median(comparison.numpy()));
        }
        row(table, "floor", floor.seconds());
        row(table, "floor of this way", floorOfThisWay.seconds());
        StringBuilder text = new StringBuilder();
        text.append("## " + name() + "\n\n");
        text.append(String.format(
                Locale.ROOT,
                "%d M parameters, %.2f GB a bundle; load %s.%n%n",
                workload.parameters() / 1_000_000,
                workload.bundleBytes() / 1e9,
                Machine.load()));
        text.append(table).append('\n');
        for (String line : rates.lines()) {
            text.append("- " + line + "\n");
        }
        text.append("- floor: " + floor + "\n");
        text.append("- floor of this way: " + floorOfThisWay + "\n");
        text.append(String.format(
                "- heap: at most %d MB, %d MB after a collection%n",
                median.heap().peakMb(), median.heap().liveMb()));
        text.append("- limit: " + limit() + "\n");
        if (!comparison.numpy().isEmpty()) {
            text.append(String.format(
                    Locale.ROOT, "- numpy takes %.1f times as long. %s%n", timesFaster(), comparison.agreement()));
        }
        return text.toString();
    }

    /** The median of the merge, or of the whole process where only that is known. */
    double seconds() {
        return median.seconds();
    }

    /** @param float32 seconds of the same size in float32 with a full fine-tune; NaN if not measured */
    void addTo(Markdown summary, double float32) {
        summary.row(
                name(),
                median.usage().wall(),
                median.merge(),
                median.seconds() / floor.seconds(),
                median.seconds() / floorOfThisWay.seconds(),
                timesFaster(),
                median.seconds() / float32,
                peakBeyondFiles(),
                comparison.koine().stream()
                        .mapToLong(run -> run.heap().peakMb())
                        .max()
                        .orElse(0),
                limit());
    }

    private void row(Markdown table, String what, ChildProcess.Usage usage) {
        table.row(
                what,
                usage.wall(),
                usage.user(),
                usage.system(),
                usage.residentMb(),
                usage.anonymousMb(),
                usage.diskGb(),
                String.format(Locale.ROOT, "%.0f %%", 100 * usage.waited()),
                usage.wall() / floor.seconds(),
                usage.wall() / floorOfThisWay.seconds());
    }

    /** Of what only the time is known. */
    private void row(Markdown table, String what, double seconds) {
        double ratio = seconds / floor.seconds();
        double ratioOfThisWay = seconds / floorOfThisWay.seconds();
        table.row(what, seconds, "", "", "", "", "", "", ratio, ratioOfThisWay);
    }

    private String name() {
        return workload.size() + ", " + workload.element() + ", " + workload.kind();
    }

    private double timesFaster() {
        List<ChildProcess.Usage> numpy = comparison.numpy();
        return numpy.isEmpty() ? Double.NaN : Comparison.median(numpy).wall() / median.seconds();
    }

    private long peakBeyondFiles() {
        return comparison.koine().stream()
                .mapToLong(run -> run.usage().anonymousMb())
                .max()
                .orElse(0);
    }

    private String limit() {
        return median.usage().waited() > DISK_BOUND ? "disk" : "processor";
    }
}
