package dev.koine.speech.quarantine;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** Writes replies, a line each; safe for several threads. */
final class ReplyWriter {
    private final ObjectMapper json;
    private final OutputStream out;

    ReplyWriter(ObjectMapper json, OutputStream out) {
        this.json = json;
        this.out = out;
    }

    synchronized void write(Reply reply) throws IOException {
        byte[] text = json.writeValueAsBytes(reply);
        byte[] line = Arrays.copyOf(text, text.length + 1);
        line[text.length] = '\n';
        out.write(line);
        out.flush();
    }
}
