package dev.koine.engine.own;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.rewrite.Form;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.store.Sha256;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which language has which row in a language-aware model: the file {@value #FILE} beside its graphs.
 *
 * @param version of the file, 1
 * @param form how the graphs are told
 * @param input the name of the graphs' input that tells them
 * @param rank of a factor pair, at most
 * @param rows of each table, with row 0, the base
 * @param base the digest of the base
 * @param languages those that are inside, by row
 */
public record LanguageTable(
        int version, Form form, String input, int rank, int rows, String base, List<Language> languages) {
    /** The name of the file. */
    public static final String FILE = "languages.json";

    /** Languages beside the base, at most. */
    public static final int MOST_LANGUAGES = 10_000;

    private static final long MOST_BYTES = 4 << 20;
    private static final Pattern TAG = Pattern.compile("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}");
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    /**
     * A language.
     *
     * @param language BCP 47 tag
     * @param row from 1
     * @param term the digest of its own term's file
     */
    public record Language(String language, int row, String term) {}

    public LanguageTable {
        languages = List.copyOf(languages);
    }

    /** Whether a text is a language tag (BCP 47), as far as its form says. */
    public static boolean isTag(String text) {
        return TAG.matcher(text).matches();
    }

    /** The row of a language; its tag is compared without regard to case. Empty if it has none. */
    public Optional<Integer> rowOf(String language) {
        return languages.stream()
                .filter(one -> one.language().equalsIgnoreCase(language))
                .map(Language::row)
                .findFirst();
    }

    /** This with one more language, in the first free row. */
    LanguageTable with(String language, String term) {
        List<Language> more = new ArrayList<>(languages);
        more.add(new Language(language, languages.size() + 1, term));
        return new LanguageTable(version, form, input, rank, rows, base, more);
    }

    /**
     * Reads the table of a model.
     *
     * @throws RejectedException SIDE_FILE_MISMATCH if it is malformed, MISSING_FILE if the folder has none
     */
    public static LanguageTable read(Path folder) throws IOException, RejectedException {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "The folder has no " + FILE + ", so it is no language-aware model. Name one that koine own wrote.");
        }
        if (Files.size(file) > MOST_BYTES) {
            throw malformed("it has " + Files.size(file) + " bytes, and " + MOST_BYTES + " are the most");
        }
        @Nullable LanguageTable table;
        try {
            table = JSON.readValue(Files.readAllBytes(file), LanguageTable.class);
        } catch (JsonProcessingException | RuntimeException e) {
            throw malformed(
                    Quote.of(String.valueOf(e.getMessage()).lines().findFirst().orElse("")));
        }
        if (table == null) {
            throw malformed("it is null");
        }
        table.require();
        return table;
    }

    private void require() throws RejectedException {
        boolean isBase = base.startsWith(Sha256.PREFIX) && Sha256.isHex(base.substring(Sha256.PREFIX.length()));
        if (version != 1 || rank < 1 || rank > OwnTerm.MOST_RANK || rows < 1 || rows > MOST_LANGUAGES + 1 || !isBase) {
            throw malformed("version " + version + ", rank " + rank + ", " + rows + " rows and base '" + Quote.of(base)
                    + "' are none that are known here");
        }
        for (int i = 0; i < languages.size(); i++) {
            Language language = languages.get(i);
            boolean isSecond = !rowOf(language.language()).equals(Optional.of(language.row()));
            if (language.row() != i + 1 || language.row() >= rows || isSecond || !isTag(language.language())) {
                throw malformed("entry " + i + ", " + Quote.of(language.toString()) + ", cannot be");
            }
        }
    }

    /** Writes the table into a model's folder, in one step: readers see it as it was or as it is. */
    void write(Path folder) throws IOException {
        Path beside = folder.resolve("." + FILE + ".new");
        Files.write(beside, JSON.writeValueAsBytes(this));
        try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(beside, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static RejectedException malformed(String what) {
        return new RejectedException(
                RejectionCode.SIDE_FILE_MISMATCH,
                "The file " + FILE + " cannot be read: " + what + ". Name a folder that koine own wrote.");
    }
}
