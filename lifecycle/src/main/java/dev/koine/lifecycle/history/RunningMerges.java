package dev.koine.lifecycle.history;

import dev.koine.engine.store.StoreRecords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The merges that are under way: {@code running/<model>/<sequence>}, with the time at which Intake took
 * the event, before anything was put for it. One is over when a
 * checkpoint that holds its outcome is complete. Whatever was put since the oldest began may belong to one of them.
 */
public final class RunningMerges {
    private static final String FOLDER = "running";
    private static final Pattern SEQUENCE = Pattern.compile("\\d{1,18}");

    private final StoreRecords records;

    public RunningMerges(StoreRecords records) {
        this.records = records;
    }

    /** Notes that a merge begins. One that is done again after a crash keeps its first time. */
    public void begin(String modelId, long sequence, Instant now) throws IOException {
        String name = name(modelId, sequence);
        if (records.get(name).isEmpty()) {
            records.put(name, now.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Notes that nothing comes of a merge that was begun. */
    public void cancel(String modelId, long sequence) throws IOException {
        records.delete(name(modelId, sequence));
    }

    /** Notes that all merges of a model below a sequence number are over. */
    public void end(String modelId, long below) throws IOException {
        for (String name : ours(FOLDER + "/" + modelId)) {
            if (Long.parseLong(last(name)) < below) {
                records.delete(name);
            }
        }
    }

    /** When the oldest merge that is under way began; empty if none is. */
    public Optional<Instant> oldest() throws IOException {
        List<Instant> began = new ArrayList<>();
        for (String name : ours(FOLDER)) {
            Optional<byte[]> found = records.get(name);
            if (found.isPresent()) {
                began.add(time(name, found.get()));
            }
        }
        return began.stream().min(Instant::compareTo);
    }

    /** An object store's server that is killed while it writes may leave files of its own there, half written, under names like ours. */
    private List<String> ours(String below) throws IOException {
        return records.list(below).stream()
                .filter(name -> SEQUENCE.matcher(last(name)).matches())
                .toList();
    }

    private static String last(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    private static Instant time(String name, byte[] content) throws IOException {
        try {
            return Instant.parse(new String(content, StandardCharsets.UTF_8));
        } catch (DateTimeException e) {
            throw new IOException("The store's record " + name + " is damaged.", e);
        }
    }

    private static String name(String modelId, long sequence) {
        return FOLDER + "/" + modelId + "/" + sequence;
    }
}
