package dev.koine.cli.export;

import dev.koine.cli.card.ModelCard;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The card of a version beside its files, as README.md; one that came with the base becomes README.base.md. */
public final class CardFile {
    private static final String CARD = "README.md";
    private static final String CARD_OF_BASE = "README.base.md";

    private CardFile() {}

    /**
     * Writes it.
     *
     * @param first version 0; null if it is not known
     * @param baseModel the base on the Hub; null if it is not known
     */
    public static void write(Path folder, ModelUpdate version, @Nullable ModelUpdate first, @Nullable String baseModel)
            throws IOException {
        setAside(folder);
        Files.writeString(folder.resolve(CARD), ModelCard.of(version, first, baseModel));
    }

    /** Makes room for it. */
    public static void setAside(Path folder) throws IOException {
        Path card = folder.resolve(CARD);
        if (Files.exists(card)) {
            Files.move(card, folder.resolve(CARD_OF_BASE));
        }
    }
}
