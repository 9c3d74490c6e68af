package dev.koine.events.inband;

import dev.koine.events.signature.TrustedKeys;
import dev.koine.schemas.Topics;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Relay} is told.
 *
 * @param kafka client properties
 * @param updates the topic of updates
 * @param artifacts the topic of chunks
 * @param limit how large a file may be, in bytes; larger ones are left out
 * @param keep how many of the newest versions of each model stay on the topic
 * @param compression of messages, as producers name it: {@code none}, {@code zstd}
 * @param again whether everything is sent once more, whatever is there
 * @param trusted whose updates are followed; null for anybody's
 */
public record RelaySettings(
        Properties kafka,
        String updates,
        String artifacts,
        RelayedContent content,
        long limit,
        int keep,
        String compression,
        boolean again,
        @Nullable TrustedKeys trusted) {
    /** In bytes. */
    public static final long DEFAULT_LIMIT = 2L << 30;

    public static final int DEFAULT_KEEP = 3;

    /** Of Koine's own topics, with the defaults. */
    public static RelaySettings of(Properties kafka) {
        return new RelaySettings(
                kafka,
                Topics.DEFAULT.updates(),
                Topics.ARTIFACTS,
                RelayedContent.BUNDLES,
                DEFAULT_LIMIT,
                DEFAULT_KEEP,
                "none",
                false,
                null);
    }
}
