package dev.koine.engine.sidefile;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What one side file says that has a meaning: settings by name, and tables of tokens by number. Bounded in what it holds. */
final class Facts {
    /** Twice the vocabulary and merges of the largest speech models; about 50 MB. */
    static final int MOST = 400_000;

    /** Whisper's timestamps, which newer releases list and older ones leave out. */
    private static final Pattern TIMESTAMP = Pattern.compile("<\\|\\d+\\.\\d+\\|>");

    private final Map<String, String> settings = new HashMap<>();
    private final Map<String, Map<String, String>> tables = new TreeMap<>();
    private int count;

    /** Takes a setting; false if there are too many entries. */
    boolean set(String name, String value) {
        settings.put(name, value);
        return ++count <= MOST;
    }

    /** Takes the token of a number; false if there are too many entries. Of several tokens with one number all are kept, in order. */
    boolean put(String table, String number, String token) {
        Map<String, String> entries = tables.computeIfAbsent(table, name -> new HashMap<>());
        entries.merge(number, token, (a, b) -> a.compareTo(b) <= 0 ? a + ' ' + b : b + ' ' + a);
        return ++count <= MOST;
    }

    /** Adds a part to an entry that a list holds in parts. */
    boolean append(String table, String number, String part) {
        Map<String, String> entries = tables.computeIfAbsent(table, name -> new HashMap<>());
        entries.merge(number, part, (a, b) -> a + ' ' + b);
        return ++count <= MOST;
    }

    boolean isTrue(String setting) {
        return "true".equals(settings.get(setting));
    }

    void forget(String setting) {
        settings.remove(setting);
    }

    /** The first thing that the expert's facts say otherwise than these, the base's, for a message. */
    Optional<String> contradiction(Facts expert) {
        for (Map.Entry<String, String> entry : new TreeMap<>(settings).entrySet()) {
            String theirs = expert.settings.get(entry.getKey());
            if (theirs != null && !theirs.equals(entry.getValue())) {
                return Optional.of("'" + SideFiles.quote(entry.getKey()) + "' is '" + SideFiles.quote(entry.getValue())
                        + "' in the base and '" + SideFiles.quote(theirs) + "' in the expert");
            }
        }
        for (Map.Entry<String, Map<String, String>> table : tables.entrySet()) {
            Map<String, String> theirs = expert.tables.get(table.getKey());
            Optional<String> first = theirs == null
                    ? Optional.empty()
                    : theirs.entrySet().stream()
                            .filter(entry -> isContradiction(table.getValue().get(entry.getKey()), entry.getValue()))
                            .map(Map.Entry::getKey)
                            .min(Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()));
            if (first.isPresent() && theirs != null) {
                String ours = table.getValue().get(first.get());
                return Optional.of(SideFiles.quote(table.getKey() + " " + first.get()) + " is "
                        + (ours == null ? "nothing" : "'" + SideFiles.quote(ours) + "'") + " in the base and '"
                        + SideFiles.quote(theirs.getOrDefault(first.get(), "")) + "' in the expert");
            }
        }
        return Optional.empty();
    }

    private static boolean isContradiction(@Nullable String ours, String theirs) {
        return ours == null ? !TIMESTAMP.matcher(theirs).matches() : !ours.equals(theirs);
    }
}
