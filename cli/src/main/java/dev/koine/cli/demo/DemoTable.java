package dev.koine.cli.demo;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The table that the demonstration prints as it goes: a row a version, a column a language. */
final class DemoTable {
    private final PrintWriter out;
    private final List<String> languages;

    DemoTable(PrintWriter out, List<String> languages) {
        this.out = out;
        this.languages = languages;
    }

    void head(String title) {
        out.printf("%n%s%n%n", title);
        String names = languages.stream().map(language -> pad(language)).collect(Collectors.joining());
        out.printf(
                "%-8s %-14s%s%s  %-12s %8s %9s%n",
                "version", "change", names, pad("mean"), "digest", "bytes", "served in");
    }

    /** Rates of what is no version. */
    void row(String what, Map<String, Double> rates) {
        row("-", what, rates);
        out.println();
    }

    void version(DemoReport.Version version) {
        row(
                String.valueOf(version.version()),
                version.change(),
                version.errorRates().entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey, entry -> entry.getValue().merged())));
        out.printf(
                Locale.ROOT,
                "  %-12s %8d %6d ms  %s%n",
                version.digest().substring("sha256:".length()).substring(0, 12),
                version.bundleBytes(),
                version.eventToServedMillis(),
                String.join(" ", version.experts()));
        out.flush();
    }

    private void row(String version, String change, Map<String, Double> rates) {
        out.printf("%-8s %-15s", version, change);
        for (String language : languages) {
            out.print(pad(percent(rates.getOrDefault(language, Double.NaN))));
        }
        out.print(pad(percent(rates.values().stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(Double.NaN))));
    }

    static String percent(double rate) {
        return String.format(Locale.ROOT, "%.1f", 100 * rate);
    }

    private static String pad(String text) {
        return String.format("%7s", text);
    }
}
