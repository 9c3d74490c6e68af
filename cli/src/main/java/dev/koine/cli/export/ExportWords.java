package dev.koine.cli.export;

import dev.koine.cli.console.Counted;
import dev.koine.cli.console.Plain;
import dev.koine.engine.export.AdapterExport;
import dev.koine.engine.export.CheckpointExport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Tells what was exported, and what was not. */
public final class ExportWords {
    private static final int MOST_NAMED = 3;

    private ExportWords() {}

    public static void tell(CheckpointExport.Written written, Path folder, PrintWriter out, PrintWriter err) {
        out.printf(
                Locale.ROOT,
                "%s, %d of them changed, %,d bytes in %s: %s%n",
                Counted.of(written.tensors(), "tensor"),
                written.changed(),
                written.bytes(),
                Counted.of(written.files().size(), "file"),
                folder);
        List<String> leftOut = written.leftOut().stream()
                .filter(file -> !file.matches("model[^/]*\\.safetensors(\\.index\\.json)?"))
                .toList();
        if (!leftOut.isEmpty()) {
            err.printf("Left out, since it holds weights of the base: %s.%n", names(leftOut));
        }
    }

    public static void tell(AdapterExport.Written written, Path folder, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "An adapter of rank %d for %s: %s%nIt leaves out %s of the squared norm of all deltas:%n",
                written.rank(),
                Counted.of(written.layers(), "linear layer"),
                folder,
                percent(written.leftOutShare()));
        for (AdapterExport.Part part : written.leftOut()) {
            out.printf("  %9s  %s (%s)%n", percent(part.share()), part.reason(), names(part.tensors()));
        }
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, share > 0 && share < 0.001 ? "%.1e %%" : "%.1f %%", 100 * share);
    }

    private static String names(List<String> names) {
        String first = String.join(
                ", ", names.stream().limit(MOST_NAMED).map(Plain::of).toList());
        return names.size() > MOST_NAMED ? first + " and " + (names.size() - MOST_NAMED) + " more" : first;
    }
}
