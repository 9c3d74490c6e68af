package dev.koine.speech;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Byte-level byte-pair encoding, as Whisper's vocabularies are made for. The order of merges is the order of the tokens' ids, as in
 * OpenAI's tiktoken, so that a vocabulary is enough and no list of merges is asked for.
 */
final class BytePairs {
    /** GPT-2's split: contractions, then words, numbers and other signs with the space before them, then white space. */
    private static final Pattern PIECE = Pattern.compile(
            "'(?:s|t|re|ve|m|ll|d)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);

    private static final int UNKNOWN = Integer.MAX_VALUE;
    private static final int[] BYTE_OF_SYMBOL = byteOfSymbol();
    private static final char[] SYMBOL_OF_BYTE = symbolOfByte();

    private final Map<String, Integer> ids;

    /** @param ids of tokens that are written in symbols */
    BytePairs(Map<String, Integer> ids) {
        this.ids = ids;
    }

    /** The byte that a printable character stands for in GPT-2's table; -1 for one that stands for none. */
    static int byteOf(char symbol) {
        return symbol < BYTE_OF_SYMBOL.length ? BYTE_OF_SYMBOL[symbol] : -1;
    }

    /** The tokens of a text; empty if one of its bytes has no token. */
    Optional<List<Integer>> encode(String text) {
        List<Integer> tokens = new ArrayList<>();
        Matcher pieces = PIECE.matcher(text);
        while (pieces.find()) {
            if (!addTokens(symbols(pieces.group()), tokens)) {
                return Optional.empty();
            }
        }
        return Optional.of(tokens);
    }

    /** Joins the neighbours whose token comes first, until no two have one. */
    private boolean addTokens(String symbols, List<Integer> tokens) {
        int parts = symbols.length();
        int[] starts = new int[parts + 1];
        Arrays.setAll(starts, i -> i);
        int[] joined = new int[parts];
        for (int i = 0; i < parts; i++) {
            joined[i] = joined(symbols, starts, parts, i);
        }
        while (true) {
            int first = 0;
            for (int i = 1; i < parts - 1; i++) {
                first = joined[i] < joined[first] ? i : first;
            }
            if (parts < 2 || joined[first] == UNKNOWN) {
                break;
            }
            System.arraycopy(starts, first + 2, starts, first + 1, parts - first - 1);
            System.arraycopy(joined, first + 1, joined, first, parts - first - 1);
            parts--;
            joined[first] = joined(symbols, starts, parts, first);
            if (first > 0) {
                joined[first - 1] = joined(symbols, starts, parts, first - 1);
            }
        }
        for (int i = 0; i < parts; i++) {
            Integer id = ids.get(symbols.substring(starts[i], starts[i + 1]));
            if (id == null) {
                return false;
            }
            tokens.add(id);
        }
        return true;
    }

    private int joined(String symbols, int[] starts, int parts, int i) {
        return i + 2 > parts ? UNKNOWN : ids.getOrDefault(symbols.substring(starts[i], starts[i + 2]), UNKNOWN);
    }

    private static String symbols(String text) {
        StringBuilder symbols = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            symbols.append(SYMBOL_OF_BYTE[b & 0xFF]);
        }
        return symbols.toString();
    }

    /** Printable bytes stand for themselves, the others, in order, for the characters from 256 on. */
    private static int[] byteOfSymbol() {
        int[] table = new int[512];
        Arrays.fill(table, -1);
        int next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            table[printable ? b : next++] = b;
        }
        return table;
    }

    private static char[] symbolOfByte() {
        char[] table = new char[256];
        for (char symbol = 0; symbol < BYTE_OF_SYMBOL.length; symbol++) {
            if (BYTE_OF_SYMBOL[symbol] >= 0) {
                table[BYTE_OF_SYMBOL[symbol]] = symbol;
            }
        }
        return table;
    }
}
