package dev.koine.speech.evaluation;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.speech.Features;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads features one recording at a time; each file is opened once, when it is first needed. Safe for use by many threads. */
public final class Recordings implements AutoCloseable {
    private final Map<Path, Safetensors> files = new HashMap<>();

    /**
     * The features of a recording.
     *
     * @throws RejectedException NON_FINITE if a value is NaN or infinite; NOT_SAFETENSORS if the file has changed since it was indexed
     * @throws IOException if the file cannot be read
     */
    public Features read(Recording recording) throws IOException, RejectedException {
        Safetensors file = file(recording.file());
        Optional<TensorInfo> entry = file.entry(recording.id());
        if (entry.isEmpty()
                || !entry.get().shape().equals(List.of((long) recording.rows(), (long) recording.columns()))) {
            throw new RejectedException(
                    RejectionCode.NOT_SAFETENSORS,
                    recording.file() + " was changed since it was read: recording '" + recording.id()
                            + "' is not what it was. Read the evaluation set again.");
        }
        float[] values = new float[recording.rows() * recording.columns()];
        file.read(entry.get(), 0, values.length, values, 0);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new RejectedException(
                        RejectionCode.NON_FINITE,
                        "The features of recording '" + recording.id() + "' in "
                                + recording.file().getFileName() + " are " + values[i] + " at element " + i
                                + ". Extract them again.");
            }
        }
        return new Features(values, recording.rows(), recording.columns());
    }

    private Safetensors file(Path path) throws IOException, RejectedException {
        synchronized (files) {
            Safetensors file = files.get(path);
            if (file == null) {
                file = Safetensors.open(path);
                files.put(path, file);
            }
            return file;
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (files) {
            for (Safetensors file : files.values()) {
                file.close();
            }
            files.clear();
        }
    }
}
