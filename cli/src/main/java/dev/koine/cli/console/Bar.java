package dev.koine.cli.console;

/** A fraction as a bar of Unicode block elements. */
public final class Bar {
    private static final String EIGHTHS = " ▏▎▍▌▋▊▉";
    private static final char FULL = '█';
    private static final int EIGHTHS_A_CELL = 8;

    private Bar() {}

    /**
     * A bar of some width.
     *
     * @param fraction of the width that is filled; beyond 0 and 1 as these; NaN leaves it empty
     * @param cells the width in characters
     */
    public static String of(double fraction, int cells) {
        double clamped = Double.isNaN(fraction) ? 0 : Math.max(0, Math.min(1, fraction));
        int eighths = (int) Math.round(clamped * cells * EIGHTHS_A_CELL);
        StringBuilder bar = new StringBuilder(String.valueOf(FULL).repeat(eighths / EIGHTHS_A_CELL));
        if (bar.length() < cells) {
            bar.append(EIGHTHS.charAt(eighths % EIGHTHS_A_CELL));
        }
        return bar.append(" ".repeat(cells - bar.length())).toString();
    }
}
