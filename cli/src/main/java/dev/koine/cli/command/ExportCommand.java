package dev.koine.cli.command;

import dev.koine.cli.card.ModelCard;
import dev.koine.cli.console.Counted;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.folder.NewFolder;
import dev.koine.cli.topic.Announced;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.objectstore.StandaloneBundles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine export}. */
@Command(
        name = "export",
        description = {
            "Copies the files of a version to a folder, verified, with its model card as README.md.",
            "The card is not part of the announced version, whose digest says base, experts and recipe alone.",
            "A README.md that came with the base becomes README.base.md."
        },
        footer = {"%nExample:", "  koine export --model whisper --out ./whisper-small-koine"})
public final class ExportCommand implements Callable<Integer> {
    private static final String CARD = "README.md";
    private static final String CARD_OF_BASE = "README.base.md";

    @Spec
    CommandSpec spec;

    @Mixin
    Announced announced;

    @Option(names = "--base-model", paramLabel = "ID", description = "The base's name on the Hub, for the metadata.")
    @Nullable
    String baseModel;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A new folder.")
    Path target;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        try (NewFolder folder = NewFolder.at(target)) {
            Announced.Found found = announced.find();
            int files = export(found, folder.path());
            folder.keep();
            out.printf(
                    "Version %d of %s: %s and the card are in %s.%n",
                    found.version().getVersion(), announced.modelId, Counted.of(files, "file"), folder.path());
        }
        return ExitCode.OK;
    }

    private int export(Announced.Found found, Path folder) throws IOException, RejectedException {
        Bundle bundle = Bundles.of(found.version());
        BundleVerifier.copyVerified(bundle, new StandaloneBundles(), folder);
        Path card = folder.resolve(CARD);
        if (Files.exists(card)) {
            Files.move(card, folder.resolve(CARD_OF_BASE));
        }
        Files.writeString(card, ModelCard.of(found.version(), found.first().orElse(null), baseModel));
        return bundle.files().size();
    }
}
