package dev.koine.cli.command.offline;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.ProgressBar;
import dev.koine.cli.folder.Folders;
import dev.koine.cli.folder.ModelFiles;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.folder.NewFolder;
import dev.koine.cli.folder.PassedOver;
import dev.koine.cli.option.BaseOption;
import dev.koine.cli.option.CheckpointOption;
import dev.koine.cli.option.ThreadsOption;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.merge.prune.Distance;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.onnx.rewrite.Form;
import dev.koine.engine.onnx.rewrite.SideBranches.Plan;
import dev.koine.engine.own.FoldedModel;
import dev.koine.engine.own.LanguageAware;
import dev.koine.engine.own.LanguageTable;
import dev.koine.engine.own.OwnTerm;
import dev.koine.engine.own.OwnTermMaker;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.Sha256;
import dev.koine.engine.taskvector.Precision;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code koine own}. */
@Command(
        name = "own",
        description = {
            "Makes a language-aware model: the base with a low-rank term of its own for each language, which a request chooses.",
            "The graphs get one more input, 'language': 0 is the base, bit for bit, and each language has a number (languages.json). Adding a language later"
                    + " changes no bit of what any other is served with. docs/language-aware.md says what is not there yet."
        },
        footer = {
            "%nExample:",
            "  koine own --base whisper-base --expert cs=whisper-cs --expert nl=whisper-nl --out aware",
            "  koine own --base whisper-base --expert it=whisper-it --add --out aware"
        })
public final class OwnCommand implements Callable<Integer> {
    private static final String TERMS = "own-terms";
    private static final String SUFFIX = ".safetensors";

    @Spec
    CommandSpec spec;

    @Mixin
    BaseOption base;

    @Option(
            names = "--expert",
            required = true,
            paramLabel = "TAG=DIR|FILE",
            description = {
                "A language (BCP 47) and the folder of its expert (an ONNX export; with --checkpoint also a safetensors checkpoint or a LoRA adapter),",
                "or the file of an own term that was made before; may be given several times."
            })
    Map<String, Path> experts;

    @Mixin
    CheckpointOption checkpoint;

    @Option(
            names = "--rank",
            description = "Rank of the terms; an adapter keeps its own (default: ${DEFAULT-VALUE}).",
            defaultValue = "16")
    int rank;

    @Option(
            names = "--precision",
            description = "Numbers in the terms' files: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
            defaultValue = "FLOAT16")
    Precision precision;

    @Option(
            names = "--form",
            description = {
                "How the graphs are told the language: CALL, one for a call (a scalar), or BATCH, one for each entry of a batch (a vector)",
                "(default: ${DEFAULT-VALUE})."
            },
            defaultValue = "CALL")
    Form form;

    @Option(
            names = "--room",
            description = "Languages that the model has room for, those to come included (default: ${DEFAULT-VALUE}).",
            defaultValue = "16")
    int room;

    @Option(names = "--add", description = "Add the languages to the model at --out, which was made of the same base.")
    boolean isAdded;

    @Option(
            names = "--folded",
            paramLabel = "DIR",
            description =
                    "New or empty folder; the base with each language's term folded into its weights is written there, too.")
    @Nullable
    Path folded;

    @Mixin
    ThreadsOption threads;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder for the model and, in " + TERMS + ", its terms; new or empty, unless there is --add.")
    Path out;

    @Override
    public Integer call() throws Exception {
        requireSettings();
        try (WorkPool pool = threads.pool();
                ModelFolders folders = new ModelFolders(spec.commandLine().getErr())) {
            if (isAdded) {
                Path model = Folders.requireFolder(out);
                LanguageAware opened = new Input("The model (" + out + ")").read(() -> LanguageAware.open(model));
                make(model, opened, folders, pool);
                print(model, pool);
            } else {
                try (NewFolder target = NewFolder.at(out)) {
                    make(target.path(), null, folders, pool);
                    print(target.path(), pool);
                    target.keep();
                }
            }
        }
        return ExitCode.OK;
    }

    private void requireSettings() {
        if (rank < 1 || rank > OwnTerm.MOST_RANK) {
            throw wrong("The rank is " + rank + "; give one from 1 to " + OwnTerm.MOST_RANK + ".");
        }
        if (room < 1 || room > LanguageTable.MOST_LANGUAGES) {
            throw wrong("The room is for " + room + " languages; give 1 to " + LanguageTable.MOST_LANGUAGES + ".");
        }
        for (Map.Entry<String, Path> expert : experts.entrySet()) {
            if (!LanguageTable.isTag(expert.getKey())) {
                throw wrong("'" + expert.getKey() + "' is no language tag; name one such as cs or pt-BR before the =.");
            }
            if (!Files.exists(expert.getValue())) {
                throw wrong(
                        "There is no expert at '" + expert.getValue() + "' (--expert " + expert.getKey() + "=...).");
            }
        }
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    /** @param model the model that languages are added to; null if it is to be made */
    private void make(Path target, @Nullable LanguageAware model, ModelFolders folders, WorkPool pool)
            throws Exception {
        PrintWriter err = spec.commandLine().getErr();
        ModelBundle opened = base.open(folders, err);
        Path readable = folders.of(base.folder);
        String digest =
                base.input().read(() -> ModelFiles.in(readable).describe().digest());
        @Nullable MappedBase mapped = checkpoint.map(opened, folders, pool, err);
        Files.createDirectories(target.resolve(TERMS));
        int largest = rank;
        for (Map.Entry<String, Path> expert : experts.entrySet()) {
            Path term = file(target, expert.getKey());
            Input input = Input.expert(expert.getKey(), expert.getValue());
            largest = Math.max(largest, input.read(() -> {
                if (model != null && model.languages().rowOf(expert.getKey()).isPresent()) {
                    throw LanguageAware.inside(expert.getKey());
                }
                return term(expert.getValue(), opened, digest, mapped, term, folders, pool);
            }));
        }
        LanguageAware aware = model;
        if (aware == null) {
            Plan plan = new Plan(form, 1 + Math.max(room, experts.size()), largest, "language");
            aware = base.input().read(() -> LanguageAware.write(opened, digest, plan, target));
        }
        for (Map.Entry<String, Path> expert : experts.entrySet()) {
            LanguageAware written = aware;
            Path term = file(target, expert.getKey());
            int row = Input.expert(expert.getKey(), expert.getValue()).read(() -> written.add(expert.getKey(), term));
            tell(expert.getKey(), row, term);
        }
        if (folded != null) {
            fold(folded, target, opened, digest, pool);
        }
    }

    private static Path file(Path model, String language) {
        return model.resolve(TERMS).resolve(language + SUFFIX);
    }

    private int term(
            Path expert,
            ModelBundle opened,
            String digest,
            @Nullable MappedBase mapped,
            Path target,
            ModelFolders folders,
            WorkPool pool)
            throws RejectedException, IOException {
        if (Files.isRegularFile(expert)) {
            try (OwnTerm term = OwnTerm.open(expert)) {
                term.requireOf(opened, digest);
                Files.copy(expert, target);
                return term.rank();
            }
        }
        PrintWriter err = spec.commandLine().getErr();
        Path readable = folders.of(expert);
        PassedOver.tell(readable, err);
        ExpertFolder folder = ExpertFolder.openWithoutStrays(readable);
        Alignment alignment = folder.align(opened, mapped);
        folder.taken().ifPresent(err::println);
        Distance.warning(alignment, Recipe.DEFAULT).ifPresent(err::println);
        ProgressBar progress = new ProgressBar(err, System.console() != null);
        OwnTerm.write(target, new OwnTermMaker(rank, precision, pool, progress).make(alignment), digest);
        try (OwnTerm term = OwnTerm.open(target)) {
            return term.rank();
        }
    }

    private void tell(String language, int row, Path file) throws IOException, RejectedException {
        try (OwnTerm term = OwnTerm.open(file)) {
            long matrices =
                    term.blocks().stream().filter(block -> !block.dense()).count();
            spec.commandLine()
                    .getOut()
                    .printf(
                            Locale.ROOT,
                            "%s: row %d, %d factor pairs of rank %d, %d whole weights, %,d bytes, %s%n",
                            language,
                            row,
                            matrices,
                            term.rank(),
                            term.blocks().size() - matrices,
                            Files.size(file),
                            Sha256.PREFIX + Sha256.of(file));
        }
    }

    private void fold(Path folder, Path model, ModelBundle opened, String digest, WorkPool pool) throws Exception {
        try (NewFolder target = NewFolder.at(folder)) {
            for (String language : experts.keySet()) {
                try (OwnTerm term = OwnTerm.open(file(model, language))) {
                    FoldedModel.write(
                            opened,
                            digest,
                            term,
                            Files.createDirectory(target.path().resolve(language)),
                            pool);
                }
            }
            target.keep();
        }
    }

    private void print(Path model, WorkPool pool) throws IOException, RejectedException {
        LanguageAware aware = LanguageAware.open(model);
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "%d of %d languages, %,d bytes each in the tables%n%s  %s%n",
                        aware.languages().languages().size(),
                        aware.languages().rows() - 1,
                        aware.bytesOfLanguage(),
                        Bundle.describe(model, pool.executor()).digest(),
                        out);
    }
}
