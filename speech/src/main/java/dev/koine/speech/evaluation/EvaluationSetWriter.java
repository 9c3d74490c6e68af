package dev.koine.speech.evaluation;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.tensor.TensorInfo;
import java.io.BufferedOutputStream;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes an {@link EvaluationSet} as the two files that make a bundle; equal sets give equal bytes. */
public final class EvaluationSetWriter {
    private static final JsonMapper JSON = new JsonMapper();

    private EvaluationSetWriter() {}

    /**
     * Writes the features, byte for byte, of the recordings that the utterances use, and the texts by language, task and id.
     *
     * @param directory an empty directory
     * @throws RejectedException INVALID_EVENT if two files have a recording of the same id; NOT_SAFETENSORS if a file has changed since it
     *     was read
     */
    public static void write(EvaluationSet set, Path directory) throws IOException, RejectedException {
        SafetensorsWriter writer = new SafetensorsWriter();
        Map<String, Recording> written = new LinkedHashMap<>();
        for (Recording recording : set.recordings()) {
            if (written.putIfAbsent(recording.id(), recording) != null) {
                throw new RejectedException(
                        RejectionCode.INVALID_EVENT,
                        "Two of the sources have a recording '" + recording.id()
                                + "'. Give each recording an id of its own.");
            }
            TensorInfo entry = entry(recording);
            writer.tensor(recording.id(), entry.type(), entry.shape(), out -> copy(recording.file(), entry, out));
        }
        try (OutputStream out =
                new BufferedOutputStream(Files.newOutputStream(directory.resolve(EvaluationSet.FEATURES)), 1 << 16)) {
            writer.writeTo(out);
        }
        try (BufferedWriter lines = Files.newBufferedWriter(directory.resolve(EvaluationSet.REFERENCES))) {
            for (List<Utterance> group : set.byLanguageTask().values()) {
                for (Utterance utterance : group) {
                    lines.write(line(utterance));
                    lines.write('\n');
                }
            }
        }
    }

    private static TensorInfo entry(Recording recording) throws IOException, RejectedException {
        try (Safetensors file = Safetensors.open(recording.file())) {
            return file.entry(recording.id())
                    .filter(found -> found.length() == recording.bytes())
                    .orElseThrow(() -> new RejectedException(
                            RejectionCode.NOT_SAFETENSORS,
                            recording.file() + " was changed since it was read. Read the evaluation set again."));
        }
    }

    private static void copy(Path file, TensorInfo entry, OutputStream out) throws IOException {
        WritableByteChannel target = Channels.newChannel(out);
        try (FileChannel source = FileChannel.open(file)) {
            long done = 0;
            while (done < entry.length()) {
                long copied = source.transferTo(entry.offset() + done, entry.length() - done, target);
                if (copied <= 0) {
                    throw new IOException(file + " ended while recording '" + entry.name() + "' was read.");
                }
                done += copied;
            }
        }
    }

    private static String line(Utterance utterance) throws IOException {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("id", utterance.id());
        fields.put("language", utterance.language());
        fields.put("task", utterance.task().name().toLowerCase(Locale.ROOT));
        fields.put("text", utterance.text());
        return JSON.writeValueAsString(fields);
    }
}
