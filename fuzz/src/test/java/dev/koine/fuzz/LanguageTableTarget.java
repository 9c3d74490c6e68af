package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.own.LanguageTable;
import dev.koine.engine.own.LanguageTable.Language;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which language has which row of a language-aware model. */
public final class LanguageTableTarget {
    private static final Path FOLDER = Work.folder("language-table");

    private LanguageTableTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Files.write(FOLDER.resolve(LanguageTable.FILE), data);
        try {
            LanguageTable table = LanguageTable.read(FOLDER);
            for (Language language : table.languages()) {
                if (language.row() < 1 || language.row() >= table.rows()) {
                    throw new AssertionError(language + " of " + table.rows() + " rows");
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }
}
