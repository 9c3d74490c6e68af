package dev.koine.sim.job;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/** Where outcomes are written, a transaction a writer and checkpoint: pre-committed with the checkpoint, committed when that is complete. */
final class Sink {
    private final Map<String, Transaction> open = new TreeMap<>();
    private final List<Prepared> prepared = new ArrayList<>();
    private final List<Transaction> begun;
    private final Consumer<SpecificRecord> visible;

    /** A transaction that a checkpoint has. */
    record Prepared(long checkpoint, Transaction transaction) {}

    /**
     * @param begun all transactions that the broker knows of
     * @param visible is told what readers see from now on
     */
    Sink(List<Transaction> begun, Consumer<SpecificRecord> visible) {
        this.begun = begun;
        this.visible = visible;
    }

    /** @param writer the subtask that writes, and its topic */
    void write(String writer, SpecificRecord message) {
        open.computeIfAbsent(writer, key -> {
                    Transaction transaction = new Transaction();
                    begun.add(transaction);
                    return transaction;
                })
                .write(message);
    }

    /** What a checkpoint holds: everything that is written and not committed. */
    List<Prepared> prepare(long checkpoint) {
        open.values().forEach(transaction -> prepared.add(new Prepared(checkpoint, transaction)));
        open.clear();
        return List.copyOf(prepared);
    }

    boolean mayCommit(long checkpoint) {
        return prepared.stream().anyMatch(found -> found.checkpoint() <= checkpoint);
    }

    /** Commits one transaction of a complete checkpoint. */
    void commitOne(long checkpoint) {
        Prepared next = prepared.stream()
                .filter(found -> found.checkpoint() <= checkpoint)
                .findFirst()
                .orElseThrow();
        prepared.remove(next);
        commit(next.transaction());
    }

    /** Starts from what a checkpoint holds: commits that, perhaps again, and aborts all else. */
    void restore(List<Prepared> held) {
        held.forEach(found -> commit(found.transaction()));
        begun.forEach(Transaction::abort);
        begun.clear();
    }

    private void commit(Transaction transaction) {
        transaction.commit().forEach(visible);
    }
}
