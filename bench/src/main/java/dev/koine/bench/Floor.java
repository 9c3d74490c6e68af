package dev.koine.bench;

import dev.koine.bench.machine.Rates;
import dev.koine.bench.shape.ExpertKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The least time that a merge can take on this machine by two counts, as sums of parts.
 *
 * <p>Operations an entry of a pruned matrix that changed: 24 products with the matrix and 24 with its transpose (2 each), 7 rank-one
 * terms (2 each), and about 6 for delta, selection and sum. A low-rank delta needs no decomposition: 8 rank-one terms tell it.
 */
record Floor(List<Part> parts) {
    private static final int PRODUCTS = 24;
    private static final int OPERATIONS_OF_PRODUCTS = 4 * PRODUCTS;
    private static final int OPERATIONS_OF_LOW_RANK = 2 * 8;
    private static final int OTHER_OPERATIONS = 2 * 7 + 6;

    /** Seconds, and what they are for. */
    record Part(String what, double seconds) {}

    Floor {
        parts = List.copyOf(parts);
    }

    /** Bytes that must move at the rate of memory, and operations at the rate of the first cache; no way to compute it gets around. */
    static Floor ofBytesAndOperations(Workload workload, Rates rates) throws IOException {
        double moved = 3.0 * workload.bundleBytes();
        return new Floor(List.of(
                new Part(amount("%.2f GB moved", moved), moved / rates.copy()),
                operations(workload, entries(workload), rates)));
    }

    /**
     * Files through the page cache, each matrix streamed once for both products of a step, and the digest that is printed: what is left
     * to gain by this way to compute it.
     */
    static Floor ofThisWay(Workload workload, Rates rates) throws IOException {
        double bundle = workload.bundleBytes();
        List<Part> parts = new ArrayList<>();
        parts.add(new Part(amount("%.2f GB read", 2 * bundle), 2 * bundle / rates.input()));
        if (workload.kind() == ExpertKind.FULL) {
            parts.add(streamed("attention matrices", workload.changedEntries(true), rates.square(), rates));
            parts.add(streamed("feed-forward matrices", workload.changedEntries(false), rates.wide(), rates));
        } else {
            parts.add(operations(workload, entries(workload), rates));
        }
        parts.add(new Part(amount("%.2f GB digested", bundle), bundle / rates.sha256()));
        parts.add(new Part(amount("%.2f GB written", bundle), bundle / rates.write()));
        return new Floor(parts);
    }

    double seconds() {
        return parts.stream().mapToDouble(Part::seconds).sum();
    }

    @Override
    public String toString() {
        List<String> texts = new ArrayList<>();
        for (Part part : parts) {
            texts.add(String.format(Locale.ROOT, "%s %.3f s", part.what(), part.seconds()));
        }
        return String.format(Locale.ROOT, "%.3f s = %s", seconds(), String.join(" + ", texts));
    }

    private static long entries(Workload workload) throws IOException {
        return workload.changedEntries(true) + workload.changedEntries(false);
    }

    private static Part operations(Workload workload, long entries, Rates rates) {
        int products = workload.kind() == ExpertKind.FULL ? OPERATIONS_OF_PRODUCTS : OPERATIONS_OF_LOW_RANK;
        double operations = (double) entries * (products + OTHER_OPERATIONS);
        return new Part(amount("%.1f GFLOP", operations), operations / rates.operations());
    }

    private static Part streamed(String matrices, long entries, double bandwidth, Rates rates) {
        double bytes = (double) Float.BYTES * PRODUCTS * entries;
        double operations = (double) (OPERATIONS_OF_PRODUCTS + OTHER_OPERATIONS) * entries;
        double computing = operations / rates.operations();
        double streaming = bytes / bandwidth;
        return computing > streaming
                ? new Part(amount("%.1f GFLOP in ", operations) + matrices, computing)
                : new Part(amount("%.1f GB streamed of ", bytes) + matrices, streaming);
    }

    private static String amount(String format, double amount) {
        return String.format(Locale.ROOT, format, amount / 1e9);
    }
}
