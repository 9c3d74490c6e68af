package dev.koine.engine.merge;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.merge.total.Range;
import dev.koine.engine.merge.total.RangeTotals;
import dev.koine.engine.merge.total.Totals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Totals that stay when a process ends, with a list of what is in them:
 *
 * <pre>
 *   totals        as {@link Totals} lays them out
 *   totals.json   {"format": 1, "base": ..., "members": [...], "checks": [{"index": ..., "from": ..., "count": ..., "sum": ...}, ...]}
 * </pre>
 *
 * <p>A check is of a {@link Range}: the CRC-32C of its bytes. The list is taken away before totals change and written when they are whole. Neither is forced to the disk: of what a crash garbles the checksum is another. Safe for
 * several threads that work on distinct ranges.
 */
final class KeptTotals implements AutoCloseable {
    private static final int FORMAT = 1;
    private static final String FILE = "totals";
    private static final String LIST = "totals.json";
    private static final String UNFINISHED = "totals.json.new";
    private static final JsonMapper JSON = new JsonMapper();

    private final Path directory;
    private final String base;
    private final Totals totals;
    private final ConcurrentMap<Range, Long> checks = new ConcurrentHashMap<>();
    private List<Member> members = List.of();

    private record Kept(
            int format,
            String base,
            @Nullable List<Member> members,
            @Nullable List<Check> checks) {}

    private record Check(int index, long from, int count, long sum) {}

    /** A range has other bytes than were written. */
    static final class GarbledException extends IOException {
        private static final long serialVersionUID = 1L;

        GarbledException(Range range) {
            super("The totals of " + range + " are not what was written.");
        }
    }

    private KeptTotals(Path directory, String base, Totals totals) {
        this.directory = directory;
        this.base = base;
        this.totals = totals;
    }

    /**
     * Opens what is kept in a directory; what is there of another base, or unfinished, counts as nothing.
     *
     * @param base what tells it from others
     */
    static KeptTotals open(Path directory, String base, List<Totals.Tensor> tensors) throws IOException {
        Kept list = read(directory.resolve(LIST));
        KeptTotals kept = new KeptTotals(directory, base, Totals.open(directory.resolve(FILE), tensors));
        if (list != null
                && list.format() == FORMAT
                && base.equals(list.base())
                && list.members() != null
                && list.checks() != null) {
            kept.members = List.copyOf(list.members());
            list.checks()
                    .forEach(check ->
                            kept.checks.put(new Range(check.index(), check.from(), check.count()), check.sum()));
        }
        return kept;
    }

    /** Whether a file of this name is one of those that stay. */
    static boolean isKept(String name) {
        return name.equals(FILE) || name.equals(LIST);
    }

    private static @Nullable Kept read(Path list) throws IOException {
        try {
            return Files.exists(list) ? JSON.readValue(list.toFile(), Kept.class) : null;
        } catch (JacksonException garbled) {
            return null;
        }
    }

    /** What is inside. */
    List<Member> members() {
        return members;
    }

    /** Whether a range's totals may be other than zero. */
    boolean has(Range range) {
        return checks.containsKey(range);
    }

    /** The ranges of which {@link #has} is true. */
    Set<Range> ranges() {
        return checks.keySet();
    }

    /** Before totals change: nothing is on the list until they are {@link #finish finished}. */
    void begin() throws IOException {
        Files.deleteIfExists(directory.resolve(LIST));
    }

    /** Makes all of them zero, with nothing inside. */
    void clear() {
        checks.clear();
        members = List.of();
    }

    /** Reads a range that it {@link #has}. */
    void read(Range range, RangeTotals sums) throws IOException {
        if (!Objects.equals(sums.read(totals), checks.get(range))) {
            throw new GarbledException(range);
        }
    }

    void write(Range range, RangeTotals sums) throws IOException {
        checks.put(range, sums.write(totals));
    }

    /** Notes what is inside now. */
    void finish(List<Member> inside) throws IOException {
        members = List.copyOf(inside);
        Map<Range, Long> sorted =
                new TreeMap<>(Comparator.comparingInt(Range::index).thenComparingLong(Range::from));
        sorted.putAll(checks);
        List<Check> sums = sorted.entrySet().stream()
                .map(entry -> new Check(
                        entry.getKey().index(),
                        entry.getKey().from(),
                        entry.getKey().count(),
                        entry.getValue()))
                .toList();
        Path unfinished = directory.resolve(UNFINISHED);
        Files.write(unfinished, JSON.writeValueAsBytes(new Kept(FORMAT, base, members, sums)));
        Files.move(unfinished, directory.resolve(LIST), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
        totals.close();
    }
}
