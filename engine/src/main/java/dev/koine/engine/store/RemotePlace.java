package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.net.URI;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** URIs of folders in object storage, such as {@code s3://bucket/experts/de/}. */
public final class RemotePlace {
    private static final Set<String> SCHEMES = Set.of("s3", "s3a");

    private RemotePlace() {}

    /** Whether a URI is one of object storage that Koine reads and writes: {@code s3:} or {@code s3a:}. */
    public static boolean isRemote(URI uri) {
        return uri.getScheme() != null && SCHEMES.contains(uri.getScheme());
    }

    /**
     * Returns a place that names one bucket and one prefix, in one way only.
     *
     * @throws RejectedException PLACE_NOT_ALLOWED for another scheme, user information, query or fragment, and for empty, {@code .} and
     *     {@code ..} parts of the path
     */
    public static URI require(URI uri) throws RejectedException {
        boolean isPlain = isRemote(uri)
                && uri.getHost() != null
                && uri.getHost().equals(uri.getRawAuthority())
                && uri.getRawQuery() == null
                && uri.getRawFragment() == null;
        if (!isPlain || !hasPlainPath(uri.getPath())) {
            throw new RejectedException(
                    RejectionCode.PLACE_NOT_ALLOWED,
                    "The place '" + uri + "' is no plain URI of a folder in object storage."
                            + " Write it like s3://bucket/models/whisper-de/.");
        }
        return uri;
    }

    /** Whether a place is another, or below it. */
    public static boolean isBelow(URI place, URI prefix) {
        return prefix.getScheme().equals(place.getScheme())
                && prefix.getRawAuthority().equals(place.getRawAuthority())
                && folder(place).startsWith(folder(prefix));
    }

    private static String folder(URI uri) {
        return uri.getPath().endsWith("/") ? uri.getPath() : uri.getPath() + "/";
    }

    private static boolean hasPlainPath(@Nullable String path) {
        if (path == null || path.isEmpty() || path.equals("/")) {
            return path != null;
        }
        String inner = path.endsWith("/") ? path.substring(1, path.length() - 1) : path.substring(1);
        for (String part : inner.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..") || part.indexOf('\\') >= 0) {
                return false;
            }
        }
        return true;
    }
}
