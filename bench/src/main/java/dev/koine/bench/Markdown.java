package dev.koine.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A table, row by row; numbers that are not known are dashes. */
public final class Markdown {
    private final List<String> lines = new ArrayList<>();

    public Markdown(String... titles) {
        row((Object[]) titles);
        lines.add("|" + "---|".repeat(titles.length));
    }

    public void row(Object... cells) {
        lines.add("| "
                + String.join(" | ", Arrays.stream(cells).map(Markdown::text).toList()) + " |");
    }

    private static String text(Object cell) {
        if (cell instanceof Double number) {
            return Double.isFinite(number) ? String.format(Locale.ROOT, number < 1 ? "%.3f" : "%.2f", number) : "-";
        }
        return cell.toString();
    }

    @Override
    public String toString() {
        return String.join("\n", lines) + "\n";
    }
}
