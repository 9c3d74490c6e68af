package dev.koine.engine.sidefile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads tokens that stand one a line. Ends of lines, spaces there, empty lines at the end and a version's comment mean nothing. */
final class LineFacts {
    private static final Pattern NUMBERED = Pattern.compile("(?s)(.*?)[ \\t](\\d{1,9})");
    private static final String BYTE_ORDER_MARK = "\ufeff";

    private LineFacts() {}

    static Optional<Facts> read(Path file) throws IOException {
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        boolean hasMark = text.startsWith(BYTE_ORDER_MARK);
        List<String> lines = text.substring(hasMark ? BYTE_ORDER_MARK.length() : 0)
                .lines()
                .map(LineFacts::withoutEnd)
                .filter(line -> !line.startsWith("#version"))
                .toList();
        boolean isNumbered = lines.stream().filter(line -> !line.isEmpty()).allMatch(line -> NUMBERED.matcher(line)
                .matches());
        Facts facts = new Facts();
        boolean fits = true;
        for (int i = 0; fits && i < lines.size(); i++) {
            String line = lines.get(i);
            if (isNumbered && !line.isEmpty()) {
                int space = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'));
                fits = facts.put("token", line.substring(space + 1), line.substring(0, space));
            } else if (!line.isEmpty()) {
                fits = facts.put("line", Integer.toString(i + 1), line);
            }
        }
        return fits ? Optional.of(facts) : Optional.empty();
    }

    private static String withoutEnd(String line) {
        int end = line.length();
        while (end > 0
                && (line.charAt(end - 1) == ' ' || line.charAt(end - 1) == '\t' || line.charAt(end - 1) == '\r')) {
            end--;
        }
        return line.substring(0, end);
    }
}
