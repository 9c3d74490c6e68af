package dev.koine.cli.console;

import dev.koine.engine.Progress;
import java.io.PrintWriter;
import java.util.Locale;

/** A bar on a terminal, redrawn in place; lines at every tenth where the output is no terminal. */
public final class ProgressBar implements Progress {
    private static final int WIDTH = 30;

    private final PrintWriter out;
    private final boolean terminal;
    private String lastStage = "";
    private long lastStep = -1;

    public ProgressBar(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    @Override
    public synchronized void report(String stage, long done, long total) {
        int steps = terminal ? 100 : 10;
        long step = total == 0 ? steps : done * steps / total;
        if (stage.equals(lastStage) && step <= lastStep) {
            return;
        }
        lastStage = stage;
        lastStep = step;
        if (terminal) {
            int filled = (int) (step * WIDTH / steps);
            String bar = "#".repeat(filled) + " ".repeat(WIDTH - filled);
            out.print(String.format(Locale.ROOT, "\r%-28s [%s] %3d %%", stage, bar, step));
            if (done >= total) {
                out.println();
            }
        } else {
            out.println(String.format(Locale.ROOT, "%s %d %%", stage, step * 10));
        }
        out.flush();
    }

    @Override
    public synchronized void warn(String sentence) {
        out.println(sentence);
        out.flush();
    }
}
