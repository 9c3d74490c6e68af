package dev.koine.subscriber.speech;

import dev.koine.engine.RejectedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** The tokens of a model's {@code vocab.json}, and text made of them. Ids without a token and special tokens are left out. */
final class Vocabulary {
    private static final Pattern SPECIAL = Pattern.compile("<\\|.*\\|>|<[a-z]+>|\\[[A-Z]+]");
    private static final int[] BYTE_OF_CHARACTER = byteOfCharacter();

    private final Map<Integer, String> tokens;

    private Vocabulary(Map<Integer, String> tokens) {
        this.tokens = tokens;
    }

    static Vocabulary read(Path directory) throws IOException, RejectedException {
        return of(ModelJson.read(directory, "vocab.json").table());
    }

    static Vocabulary of(Map<String, Integer> ids) {
        Map<Integer, String> tokens = new HashMap<>();
        ids.forEach((token, id) -> {
            if (!SPECIAL.matcher(token).matches()) {
                tokens.put(id, token);
            }
        });
        return new Vocabulary(tokens);
    }

    /** The text of character tokens. */
    String characters(Iterable<Integer> ids, String wordDelimiter) {
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            String token = tokens.getOrDefault(id, "");
            text.append(token.equals(wordDelimiter) ? " " : token);
        }
        return text.toString().strip().replaceAll(" +", " ");
    }

    /** The text of byte-level tokens, in which GPT-2's table writes each byte of UTF-8 as one printable character. */
    String bytes(Iterable<Integer> ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            String token = tokens.getOrDefault(id, "");
            for (int i = 0; i < token.length(); i++) {
                char c = token.charAt(i);
                int value = c < BYTE_OF_CHARACTER.length ? BYTE_OF_CHARACTER[c] : -1;
                if (value >= 0) {
                    bytes.write(value);
                }
            }
        }
        return bytes.toString(StandardCharsets.UTF_8).strip();
    }

    /** Printable bytes stand for themselves, the others, in order, for the characters from 256 on. */
    private static int[] byteOfCharacter() {
        int[] table = new int[512];
        Arrays.fill(table, -1);
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            table[printable ? b : next++] = b;
        }
        return table;
    }
}
