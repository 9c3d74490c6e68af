package dev.koine.events.inband;

import dev.koine.schemas.ModelUpdate;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The newest versions of each model, and which files the ones that were sent have. */
final class RelayedVersions {
    private final int keep;
    private final Map<String, TreeMap<Long, Version>> models = new HashMap<>();

    private static final class Version {
        private final ModelUpdate update;
        private final Set<String> files = new HashSet<>();
        private boolean isDone;

        Version(ModelUpdate update) {
            this.update = update;
        }
    }

    /** @param keep how many of each model */
    RelayedVersions(int keep) {
        this.keep = keep;
    }

    /** Takes updates; one that is known is known already. */
    void add(Collection<ModelUpdate> updates) {
        for (ModelUpdate update : updates) {
            TreeMap<Long, Version> versions = models.computeIfAbsent(update.getModelId(), added -> new TreeMap<>());
            versions.putIfAbsent(update.getVersion(), new Version(update));
            while (versions.size() > keep) {
                versions.pollFirstEntry();
            }
        }
    }

    /** The version that is to be sent next: of those that are the newest of their models, else of those before, the one that was made first; empty if all were sent. */
    Optional<ModelUpdate> next() {
        Optional<ModelUpdate> next = Optional.empty();
        int least = Integer.MAX_VALUE;
        for (TreeMap<Long, Version> versions : models.values()) {
            int age = 0;
            for (Version version : versions.descendingMap().values()) {
                if (!version.isDone && (age < least || (age == least && isOlder(version.update, next)))) {
                    next = Optional.of(version.update);
                    least = age;
                }
                age++;
            }
        }
        return next;
    }

    private static boolean isOlder(ModelUpdate update, Optional<ModelUpdate> other) {
        return other.isPresent()
                && Comparator.comparing(ModelUpdate::getTime)
                                .thenComparing(ModelUpdate::getModelId)
                                .compare(update, other.get())
                        < 0;
    }

    /** A version was sent, with these files. */
    void done(ModelUpdate update, Set<String> files) {
        models.getOrDefault(update.getModelId(), new TreeMap<>())
                .computeIfPresent(update.getVersion(), (number, version) -> {
                    version.files.addAll(files);
                    version.isDone = true;
                    return version;
                });
    }

    /** The digests of all files of versions that are kept and were sent. */
    Set<String> needed() {
        Set<String> needed = new HashSet<>();
        models.values().forEach(versions -> versions.values().forEach(version -> needed.addAll(version.files)));
        return needed;
    }
}
