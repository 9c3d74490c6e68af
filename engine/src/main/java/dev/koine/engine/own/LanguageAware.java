package dev.koine.engine.own;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.rewrite.ModelRewriter;
import dev.koine.engine.onnx.rewrite.SideBranches;
import dev.koine.engine.onnx.rewrite.SideBranches.Branched;
import dev.koine.engine.onnx.rewrite.SideBranches.Plan;
import dev.koine.engine.onnx.rewrite.StoredTable;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.store.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A language-aware model: the base's bundle with graphs that have {@link SideBranches}, a file of tables beside each, and {@link LanguageTable which language has
 * which row}. Row 0 is the base. Adding a language writes that row of each table, where there were zeros, and touches nothing else: no graph, no weight, no row of
 * another language.
 */
public final class LanguageAware {
    private final Path folder;
    private final List<StoredTable> tables;
    private LanguageTable languages;

    private LanguageAware(Path folder, LanguageTable languages, List<StoredTable> tables) {
        this.folder = folder;
        this.languages = languages;
        this.tables = tables;
    }

    /**
     * Writes the model without any language: each row computes what the base does.
     *
     * @param digest of the base
     * @param target an empty folder
     * @throws RejectedException as {@link SideBranches#of}; NOT_ONNX if no weight of the base has a place for a side branch
     */
    public static LanguageAware write(ModelBundle base, String digest, Plan plan, Path target)
            throws RejectedException, IOException {
        if (base.files().contains(LanguageTable.FILE)) {
            throw new RejectedException(
                    RejectionCode.NOT_ONNX,
                    "The folder has a " + LanguageTable.FILE
                            + ", so it is a language-aware model. Name the base that it was made of.");
        }
        Map<String, Branched> byFile = new HashMap<>();
        for (Branched model : SideBranches.of(base, plan)) {
            byFile.put(model.model().path(), model);
        }
        if (byFile.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.NOT_ONNX,
                    "The model has no matrix of attention or MLP, and no vector, that a side branch could stand beside. Where its weights are"
                            + " in functions, inline these (onnx.inliner.inline_local_functions).");
        }
        for (String file : base.files()) {
            Path to = target.resolve(file);
            Files.createDirectories(Objects.requireNonNull(to.getParent()));
            Branched model = byFile.get(file);
            if (model == null) {
                Files.copy(base.directory().resolve(file), to, LinkOption.NOFOLLOW_LINKS);
            } else {
                ModelRewriter.write(base.directory().resolve(file), model.edit(), to);
                zeros(target.resolve(model.data()), model.bytes());
            }
        }
        new LanguageTable(1, plan.form(), plan.input(), plan.rank(), plan.rows(), digest, List.of()).write(target);
        return open(target);
    }

    /** A file of zeros, which takes no room on most disks until something is written. */
    private static void zeros(Path file, long bytes) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.allocate(1), bytes - 1);
        }
    }

    /**
     * Opens a model.
     *
     * @throws RejectedException as {@link LanguageTable#read} and {@link ModelBundle#open}; SIDE_FILE_MISMATCH if graphs and languages do not fit
     */
    public static LanguageAware open(Path folder) throws RejectedException, IOException {
        LanguageTable languages = LanguageTable.read(folder);
        List<StoredTable> tables = new ArrayList<>();
        for (OnnxModel model : ModelBundle.openWithoutStrays(folder).models()) {
            tables.addAll(StoredTable.of(model));
        }
        for (StoredTable table : tables) {
            if (table.rows() != languages.rows()) {
                throw new RejectedException(
                        RejectionCode.SIDE_FILE_MISMATCH,
                        "The table '" + Quote.of(table.tensor().name()) + "' has " + table.rows() + " rows, and "
                                + LanguageTable.FILE + " says " + languages.rows() + ". Make the model again.");
            }
        }
        return new LanguageAware(folder, languages, tables);
    }

    public LanguageTable languages() {
        return languages;
    }

    /** The bytes of one language's rows, in all tables. */
    public long bytesOfLanguage() {
        return tables.stream()
                .mapToLong(table ->
                        (long) table.rowElements() * table.tensor().type().bytes())
                .sum();
    }

    /**
     * Adds a language; its row is written before the table of languages says so.
     *
     * @param language BCP 47 tag
     * @param term the file of its own term
     * @return its row
     * @throws RejectedException NOT_SAFETENSORS if the file is no own term; TENSOR_MISMATCH if it is one of another base, its rank is larger than the
     *     tables', or it is about a weight that has no side branch; DUPLICATE if the language is inside; TOO_LARGE if there is no row left
     */
    public int add(String language, Path term) throws RejectedException, IOException {
        if (!LanguageTable.isTag(language)) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "'" + Quote.of(language) + "' is no language tag. Name one such as cs or pt-BR.");
        }
        if (languages.rowOf(language).isPresent()) {
            throw inside(language);
        }
        int row = languages.languages().size() + 1;
        if (row >= languages.rows()) {
            throw new RejectedException(
                    RejectionCode.TOO_LARGE,
                    "The model has room for " + (languages.rows() - 1)
                            + " languages, and as many are inside. Make it again with more --room.");
        }
        try (OwnTerm opened = OwnTerm.open(term)) {
            if (!opened.base().equals(languages.base())) {
                throw OwnTerm.mismatch(
                        "it was made for the base " + opened.base() + ", and this model of " + languages.base());
            }
            new TermRows(tables).write(opened, row);
        }
        LanguageTable more = languages.with(language, Sha256.PREFIX + Sha256.of(term));
        more.write(folder);
        languages = more;
        return row;
    }

    /** The refusal of a language that is inside. */
    public static RejectedException inside(String language) {
        return new RejectedException(
                RejectionCode.DUPLICATE,
                "The language '" + language + "' is inside already. Make a model of its own for another term.");
    }
}
