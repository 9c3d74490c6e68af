package dev.koine.speech;

import dev.koine.engine.RejectedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The tokens of a model's {@code vocab.json}, text made of them and tokens made of text. Ids without a token and special tokens are left
 * out.
 */
final class Vocabulary {
    private static final Pattern SPECIAL = Pattern.compile("<\\|.*\\|>|<[a-z]+>|\\[[A-Z]+]");

    private final Map<Integer, String> tokens = new HashMap<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private final BytePairs pairs = new BytePairs(ids);

    private Vocabulary() {}

    static Vocabulary read(Path directory) throws IOException, RejectedException {
        return of(ModelJson.read(directory, "vocab.json").table());
    }

    static Vocabulary of(Map<String, Integer> ids) {
        Vocabulary vocabulary = new Vocabulary();
        ids.forEach((token, id) -> {
            if (!SPECIAL.matcher(token).matches()) {
                vocabulary.tokens.put(id, token);
                vocabulary.ids.put(token, id);
            }
        });
        return vocabulary;
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

    /**
     * The character tokens of a text, with one delimiter for the white space between words. A letter that the vocabulary has in the
     * other case only is taken in that case.
     *
     * @return empty if a character has no token
     */
    Optional<List<Integer>> characterTokens(String text, String wordDelimiter) {
        List<Integer> found = new ArrayList<>();
        for (int point : text.strip().replaceAll("\\s+", " ").codePoints().toArray()) {
            Integer id = ids.get(point == ' ' ? wordDelimiter : Character.toString(point));
            if (id == null) {
                id = ids.get(Character.toString(Character.toLowerCase(point)));
            }
            if (id == null) {
                id = ids.get(Character.toString(Character.toUpperCase(point)));
            }
            if (id == null) {
                return Optional.empty();
            }
            found.add(id);
        }
        return Optional.of(found);
    }

    /** The text of byte-level tokens, in which GPT-2's table writes each byte of UTF-8 as one printable character. */
    String bytes(Iterable<Integer> ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            String token = tokens.getOrDefault(id, "");
            for (int i = 0; i < token.length(); i++) {
                int value = BytePairs.byteOf(token.charAt(i));
                if (value >= 0) {
                    bytes.write(value);
                }
            }
        }
        return bytes.toString(StandardCharsets.UTF_8).strip();
    }

    /**
     * The byte-level tokens of a text as it stands: no space is put before it.
     *
     * @return empty if one of its bytes has no token
     */
    Optional<List<Integer>> byteTokens(String text) {
        return pairs.encode(text);
    }
}
