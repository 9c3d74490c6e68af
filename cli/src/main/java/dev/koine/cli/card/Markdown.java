package dev.koine.cli.card;

import dev.koine.cli.console.Plain;
import java.util.List;
import java.util.stream.Collectors;

/** Text from outside in a Markdown document, where it can be nothing but text. */
final class Markdown {
    /** Punctuation that may begin or end markup, a link, a table cell or an element of HTML. */
    private static final String MARKUP = "\\`*_{}[]<>#|~&!$@^+";

    private Markdown() {}

    /** Inline text. */
    static String text(String text) {
        StringBuilder escaped = new StringBuilder();
        Plain.of(text).codePoints().forEach(point -> {
            if (MARKUP.indexOf(point) >= 0) {
                escaped.append('\\');
            }
            escaped.appendCodePoint(point);
        });
        return escaped.toString().strip();
    }

    /** A span of code, also in a table cell. */
    static String code(String text) {
        return "`" + Plain.of(text).replace('`', '\'').replace("|", "\\|") + "`";
    }

    /** A row of a table, of cells that are Markdown already. */
    static String row(List<String> cells) {
        return cells.stream().collect(Collectors.joining(" | ", "| ", " |\n"));
    }

    /** The head of a table. */
    static String head(String... names) {
        return row(List.of(names))
                + row(List.of(names).stream().map(name -> "---").toList());
    }
}
