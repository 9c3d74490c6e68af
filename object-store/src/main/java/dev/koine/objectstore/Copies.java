package dev.koine.objectstore;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Objects that are known by a digest: {@code <folder>/<sha256>/<copy>}. Each upload is a copy of its own under a name that nobody has
 * used, so nothing is ever overwritten, and whoever takes a copy away cannot hit one that came later.
 *
 * <p>Object storage has no lock, so who wants to use a copy that is there and who wants to take it away each say so first and only then
 * look whether the other has: the user writes {@code <copy>.renewed} and looks for {@code <copy>.condemned}, the other the other way
 * around. At least one of them sees the other. A condemned copy is not used again; one that was renewed is not taken away.
 *
 * <p>The size stands in the name, so that an upload that was cut off does not count as a copy.
 */
final class Copies {
    private static final String RENEWED = ".renewed";
    private static final String CONDEMNED = ".condemned";
    private static final byte[] MARK = {'\n'};
    private static final Pattern NAME = Pattern.compile("([0-9]{1,18})-([0-9]{1,18})-[0-9a-f]{32}");

    private final RemoteObjects objects;
    private final String folder;

    Copies(RemoteObjects objects, String folder) {
        this.objects = objects;
        this.folder = folder;
    }

    /**
     * A whole copy.
     *
     * @param bytes of what it stands for
     * @param renewed when it was written or last wanted again
     */
    record Copy(String name, long bytes, Instant renewed, boolean isCondemned) {}

    /**
     * A name for a new copy.
     *
     * @param size of the object, in bytes
     * @param bytes of what it stands for
     */
    static String newName(long size, long bytes) {
        return size + "-" + bytes + "-" + UUID.randomUUID().toString().replace("-", "");
    }

    String path(String hex, String copy) {
        return folder + "/" + hex + "/" + copy;
    }

    List<String> digests() throws IOException {
        return objects.folders(folder);
    }

    List<Copy> of(String hex) throws IOException {
        Map<String, RemoteObjects.Listed> listed = new HashMap<>();
        for (RemoteObjects.Listed object : objects.list(folder + "/" + hex)) {
            listed.put(object.name(), object);
        }
        List<Copy> copies = new ArrayList<>();
        for (RemoteObjects.Listed object : listed.values()) {
            Matcher name = NAME.matcher(object.name());
            if (name.matches() && Long.parseLong(name.group(1)) == object.bytes()) {
                RemoteObjects.Listed renewed = listed.getOrDefault(object.name() + RENEWED, object);
                copies.add(new Copy(
                        object.name(),
                        Long.parseLong(name.group(2)),
                        renewed.modified().isAfter(object.modified()) ? renewed.modified() : object.modified(),
                        listed.containsKey(object.name() + CONDEMNED)));
            }
        }
        return copies;
    }

    /** A copy that will not be taken away as old from here on; empty if there is none. */
    Optional<Copy> claim(String hex) throws IOException {
        for (Copy copy : of(hex)) {
            if (!copy.isCondemned()) {
                objects.put(path(hex, copy.name()) + RENEWED, MARK);
                if (isGood(hex, copy.name())) {
                    return Optional.of(copy);
                }
            }
        }
        return Optional.empty();
    }

    /** Whether a copy is there and may be used. */
    boolean isGood(String hex, String copy) throws IOException {
        return of(hex).stream().anyMatch(found -> found.name().equals(copy) && !found.isCondemned());
    }

    void condemn(String hex, String copy) throws IOException {
        objects.put(path(hex, copy) + CONDEMNED, MARK);
    }

    /**
     * Takes away all copies that nobody wanted after a time.
     *
     * @return the copies that are gone; the objects that they stood for are not looked after here
     */
    List<String> remove(String hex, Instant renewed) throws IOException {
        for (Copy copy : of(hex)) {
            if (!copy.renewed().isAfter(renewed)) {
                condemn(hex, copy.name());
            }
        }
        List<String> removed = new ArrayList<>();
        for (Copy copy : of(hex)) {
            if (copy.isCondemned() && !copy.renewed().isAfter(renewed)) {
                objects.delete(path(hex, copy.name()));
                removed.add(copy.name());
            }
        }
        return removed;
    }

    /**
     * Takes away marks whose copy is gone and uploads that were cut off, if all that lies under the digest is older than a time.
     *
     * @return how many objects there were
     */
    int sweep(String hex, Instant before) throws IOException {
        List<String> whole = of(hex).stream().map(Copy::name).toList();
        int removed = 0;
        for (RemoteObjects.Listed object : objects.list(folder + "/" + hex)) {
            String copy = object.name().replace(RENEWED, "").replace(CONDEMNED, "");
            if (!whole.contains(copy) && object.modified().isBefore(before)) {
                objects.delete(path(hex, object.name()));
                removed++;
            }
        }
        objects.forgetFolder(folder + "/" + hex);
        return removed;
    }
}
