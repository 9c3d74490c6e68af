package dev.koine.lifecycle.gate;

import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.MergedExpert;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How languages stand to a candidate.
 *
 * @param inside primary languages that must not suffer
 * @param incoming primary languages of the expert that comes in
 * @param comesIn whether one does; it may name no language
 */
public record Standings(Set<String> inside, Set<String> incoming, boolean comesIn) {
    public Standings {
        inside = Set.copyOf(inside);
        incoming = Set.copyOf(incoming);
    }

    /**
     * Where an expert comes in.
     *
     * @param before the experts inside before; the older revision of one that is replaced is among them
     * @param incoming BCP 47 tags of the expert that comes in
     */
    public static Standings merging(GatePolicy policy, List<MergedExpert> before, List<String> incoming) {
        return new Standings(inside(policy, before), primaries(incoming.stream()), true);
    }

    /**
     * Where no expert comes in.
     *
     * @param staying experts that are inside after
     */
    public static Standings staying(GatePolicy policy, List<MergedExpert> staying) {
        return new Standings(inside(policy, staying), Set.of(), false);
    }

    private static Set<String> inside(GatePolicy policy, List<MergedExpert> experts) {
        return primaries(Stream.concat(
                policy.getGuarded().stream(),
                experts.stream().map(MergedExpert::getLanguages).flatMap(Collection::stream)));
    }

    /** The standing of a language, given by its BCP 47 tag. */
    public Standing of(String language) {
        String primary = Languages.primary(language);
        if (inside.contains(primary)) {
            return Standing.INSIDE;
        }
        return incoming.contains(primary) ? Standing.NEW : Standing.OTHER;
    }

    private static Set<String> primaries(Stream<String> tags) {
        return tags.map(Languages::primary).collect(Collectors.toSet());
    }
}
