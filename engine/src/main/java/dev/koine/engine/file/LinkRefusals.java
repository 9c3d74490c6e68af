package dev.koine.engine.file;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.nio.file.Files;
import java.nio.file.Path;

/** Refusals of what a bundle may not hold: links of both kinds, by which it would reach out of its folder, and devices. */
public final class LinkRefusals {
    private LinkRefusals() {}

    /**
     * The refusal of a symbolic link, or of something that is neither file nor directory.
     *
     * @param path in the bundle, as the message shows it
     * @param place the link itself
     * @param folder the bundle's
     */
    public static RejectedException notRegular(String path, Path place, Path folder) {
        if (!Files.isSymbolicLink(place)) {
            return refused("'" + path + "' at " + place + " is no regular file. Take it out of the folder.");
        }
        return refused("'" + path + "' leads over " + place
                + ", which is a symbolic link, and bundles must not reach out of their" + " folder. " + copy(folder));
    }

    /** The refusal of a file that has another name elsewhere. */
    public static RejectedException hardLink(String path, Path place, Path folder) {
        return refused("'" + path + "' at " + place + " is a hard link: the same file has another name elsewhere, and"
                + " bundles must not reach out of their folder. " + copy(folder));
    }

    /**
     * The refusal of a link in a snapshot of the Hugging Face cache that leads anywhere but to a file of the same repository.
     *
     * @param repository the folder that holds the snapshots and the blobs
     */
    public static RejectedException outOfCache(String path, Path place, Path folder, Path repository) {
        return refused("'" + path + "' at " + place
                + " is a symbolic link that leaves the Hugging Face cache, where only links to the blobs of "
                + repository
                + " are followed. " + copy(folder));
    }

    private static String copy(Path folder) {
        return "Put the file itself there, and name the folder with it: `cp -rL '" + folder + "' '" + folder + "-copy'`"
                + " makes a copy without links.";
    }

    private static RejectedException refused(String message) {
        return new RejectedException(RejectionCode.PLACE_NOT_ALLOWED, message);
    }
}
