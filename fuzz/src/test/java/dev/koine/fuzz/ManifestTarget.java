package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.lifecycle.input.AllowedPlaces;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A bundle as an event describes it: a line with its place, then path, size and digest of each file, separated by tabs. */
public final class ManifestTarget {
    private static final Path ALLOWED = Work.folder("manifest");
    private static final AllowedPlaces PLACES = new AllowedPlaces(List.of(ALLOWED.toUri()));

    private ManifestTarget() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String[] lines = new String(data, StandardCharsets.UTF_8).split("\n", -1);
        List<BundleFile> files = new ArrayList<>();
        for (int i = 1; i < lines.length; i++) {
            String[] parts = lines[i].split("\t", 3);
            files.add(new BundleFile(parts[0], size(parts), parts.length > 2 ? parts[2] : "0".repeat(64)));
        }
        try {
            Bundle bundle = Bundle.of(lines[0].replace("$ALLOWED", ALLOWED.toString()), files);
            bundle.digest();
            Bundle.ofListing(bundle.uri(), bundle.listing());
            Path directory = PLACES.require(bundle).directory();
            if (!directory.startsWith(ALLOWED)) {
                throw new AssertionError(bundle + " leads to " + directory);
            }
            for (BundleFile file : bundle.files()) {
                if (!directory.resolve(file.path()).normalize().startsWith(ALLOWED)) {
                    throw new AssertionError(file + " leads out of its bundle");
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }

    private static long size(String[] parts) {
        try {
            return parts.length > 1 ? Long.parseLong(parts[1]) : 1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
