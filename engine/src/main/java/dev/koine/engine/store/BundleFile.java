package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.util.regex.Pattern;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/**
 * One file of a bundle.
 *
 * @param path relative to the bundle's place, with forward slashes, without {@code .} or {@code ..}
 * @param size in bytes
 * @param sha256 64 lower-case hexadecimal digits
 */
@API(status = API.Status.MAINTAINED)
public record BundleFile(String path, long size, String sha256) {
    private static final int LONGEST_PATH = 512;
    private static final int LONGEST_QUOTE = 60;
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    /**
     * Checks what an event says about a file.
     *
     * @throws RejectedException if the path could leave the bundle, or size or digest cannot be a file's
     */
    public void check() throws RejectedException {
        String problem = problem();
        if (problem != null) {
            throw new RejectedException(RejectionCode.INVALID_EVENT, problem);
        }
    }

    /** The refusal of a bundle that lists this file where there is none. */
    public RejectedException missing(String place) {
        return new RejectedException(
                RejectionCode.MISSING_FILE,
                "The bundle lists '" + path + "' but there is no file at " + place
                        + ". Put it there, or send the event with the right place.");
    }

    /** The refusal of a file that has another size, in bytes, than is listed. */
    public RejectedException wrongSize(long found) {
        return new RejectedException(
                RejectionCode.SIZE_MISMATCH,
                "The file '" + path + "' has " + found + " bytes or more but the bundle lists " + size
                        + ". Wait until it is written whole before sending the event, or list its present size.");
    }

    private @Nullable String problem() {
        if (path.length() > LONGEST_PATH) {
            return "The bundle lists a file whose path has " + path.length() + " characters, and " + LONGEST_PATH
                    + " are the most: " + path.substring(0, LONGEST_QUOTE) + "... Give it a shorter one.";
        }
        if (!isContained(path)) {
            return "The bundle lists the file '" + path + "'. Paths are relative to the bundle's place, with forward "
                    + "slashes, without '.', '..' or empty parts: write it as it is seen from there.";
        }
        if (size < 0) {
            return "The bundle lists '" + path + "' with a size of " + size + ". Give its size in bytes.";
        }
        if (!Sha256.isHex(sha256)) {
            return "The bundle lists '" + path + "' with the digest '" + sha256
                    + "'. Give its SHA-256 as 64 lower-case hexadecimal digits, as sha256sum prints it.";
        }
        return null;
    }

    private static boolean isContained(String path) {
        if (CONTROL.matcher(path).find() || path.indexOf('\\') >= 0 || path.indexOf(':') >= 0) {
            return false;
        }
        for (String part : path.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return false;
            }
        }
        return true;
    }
}
