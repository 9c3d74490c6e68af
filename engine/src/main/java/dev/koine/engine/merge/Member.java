package dev.koine.engine.merge;

import java.util.ArrayList;
import java.util.List;

/**
 * An expert inside a version, as far as the merge is concerned.
 *
 * @param taskVector digest of its {@link TaskVector} in the store
 * @param factor of its task vector
 */
public record Member(String taskVector, double factor) {

    /** What of some members is not among others; one that is there twice and once among the others is left once. */
    static List<Member> without(List<Member> members, List<Member> others) {
        List<Member> left = new ArrayList<>(members);
        others.forEach(left::remove);
        return left;
    }
}
