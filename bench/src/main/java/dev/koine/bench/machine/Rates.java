package dev.koine.bench.machine;

import dev.koine.bench.shape.Names;
import dev.koine.bench.shape.WhisperSize;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What this machine can do at best right now, from plain Java on all its processors at once, a second.
 *
 * @param copy bytes read and written, copying in memory
 * @param read bytes out of the page cache by {@code read}
 * @param mapped bytes out of the page cache by mapping a file
 * @param write bytes of a new file into the page cache
 * @param multiplyAdd operations on arrays in the first cache, rounding twice
 * @param fused operations on arrays in the first cache, rounding once
 * @param square bytes of matrices as large as an attention matrix, streamed
 * @param wide bytes of matrices as large as a feed-forward matrix, streamed
 * @param sha256 bytes digested
 */
public record Rates(
        int threads,
        double copy,
        double read,
        double mapped,
        double write,
        double multiplyAdd,
        double fused,
        double square,
        double wide,
        double sha256) {

    /**
     * Measures, which takes some ten seconds.
     *
     * @param directory where results are going to be written
     * @param width of the model
     */
    public static Rates measure(Path directory, int width) throws Exception {
        try (Probing probing = new Probing()) {
            return new Rates(
                    probing.threads(),
                    probing.rate(MemoryCopy::new),
                    probing.rate(() -> new FileProbes.Read(directory)),
                    probing.rate(() -> new FileProbes.Mapped(directory)),
                    probing.rate(() -> new FileProbes.Write(directory)),
                    probing.rate(MultiplyAdd::cached),
                    probing.rate(MultiplyAdd::cachedFused),
                    probing.rate(() -> MultiplyAdd.streaming(width, width)),
                    probing.rate(() -> MultiplyAdd.streaming(4 * width, width)),
                    probing.rate(Sha256Probe::new));
        }
    }

    /** Operations in the first cache, in whichever way is faster. */
    public double operations() {
        return Math.max(multiplyAdd, fused);
    }

    /** Bytes out of the page cache, in whichever way is faster. */
    public double input() {
        return Math.max(read, mapped);
    }

    /** A line each, to be read by people. */
    public List<String> lines() {
        return List.of(
                line("memory copied, bytes read + bytes written", copy, "GB/s"),
                line("cached file, read into a buffer", read, "GB/s"),
                line("cached file, mapped", mapped, "GB/s"),
                line("new file, written into the page cache", write, "GB/s"),
                line("multiply and add, in the first cache", multiplyAdd, "GFLOP/s"),
                line("fused multiply-add, in the first cache", fused, "GFLOP/s"),
                line("multiply and add, streaming an attention matrix", square, "GB/s"),
                line("multiply and add, streaming a feed-forward matrix", wide, "GB/s"),
                line("SHA-256, a thread", sha256 / threads, "GB/s"));
    }

    private static String line(String what, double rate, String unit) {
        return String.format(Locale.ROOT, "%s: %.1f %s", what, rate / 1e9, unit);
    }

    /** Arguments: a directory to write files in, and perhaps a size of Whisper. */
    public static void main(String[] arguments) throws Exception {
        WhisperSize size = Names.find(arguments.length > 1 ? arguments[1] : "small", WhisperSize.class);
        measure(Path.of(arguments[0]), size.width).lines().forEach(System.out::println);
    }
}
