package dev.koine.lifecycle.version;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.MergedExperts;
import dev.koine.lifecycle.event.Events;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.MergedExpert;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The experts inside a version, and what an event may do to them.
 *
 * @param experts ordered by expert id
 */
record Contents(List<MergedExpert> experts) {
    Contents {
        experts = List.copyOf(experts);
    }

    Optional<MergedExpert> find(String expertId) {
        return experts.stream()
                .filter(expert -> expert.getExpertId().equals(expertId))
                .findFirst();
    }

    /**
     * Checks that a MERGE brings something new.
     *
     * @throws RejectedException {@link RejectionCode#DUPLICATE} or {@link RejectionCode#STALE_REVISION}
     */
    void requireNewer(ExpertEvent event) throws RejectedException {
        Optional<MergedExpert> inside = find(event.getExpertId());
        if (inside.isEmpty()) {
            return;
        }
        boolean isProtection = MergedExperts.isProtection(inside.get());
        if (isProtection != Events.isProtection(event)) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    isProtection
                            ? "'" + event.getExpertId()
                                    + "' is a language that is protected here. Retract it first, or submit the expert under another id."
                            : "An expert '" + event.getExpertId()
                                    + "' is inside. Protect the language under another name: koine protect --name.");
        }
        long revision = inside.get().getRevision();
        if (event.getRevision() == revision) {
            throw new RejectedException(
                    RejectionCode.DUPLICATE,
                    "Revision " + revision + " of expert '" + event.getExpertId()
                            + "' is inside already; nothing was changed. To replace"
                            + " it, submit a higher revision.");
        }
        if (event.getRevision() < revision) {
            throw new RejectedException(
                    RejectionCode.STALE_REVISION,
                    "Revision " + event.getRevision() + " of expert '" + event.getExpertId()
                            + "' is older than revision " + revision
                            + ", which is inside. To go back, retract the expert first, or submit the old bundle under a revision above "
                            + revision + ".");
        }
    }

    /**
     * The expert that a RETRACT takes out.
     *
     * @throws RejectedException {@link RejectionCode#NOT_MERGED}
     */
    MergedExpert requireInside(String expertId) throws RejectedException {
        return require(expertId, "it cannot be retracted");
    }

    /**
     * The experts that a combination is made of, in the order of its terms.
     *
     * @throws RejectedException {@link RejectionCode#NOT_MERGED}
     */
    List<MergedExpert> requireTerms(List<CombineTerm> terms) throws RejectedException {
        List<MergedExpert> found = new ArrayList<>();
        for (CombineTerm term : terms) {
            found.add(require(term.getExpertId(), "nothing can be combined from it"));
        }
        return found;
    }

    private MergedExpert require(String expertId, String consequence) throws RejectedException {
        return find(expertId)
                .orElseThrow(() -> new RejectedException(
                        RejectionCode.NOT_MERGED,
                        "Expert '" + expertId + "' is not inside the model, so " + consequence + ". Inside are: "
                                + experts.stream()
                                        .map(MergedExpert::getExpertId)
                                        .toList() + "."));
    }

    Contents without(String expertId) {
        return new Contents(experts.stream()
                .filter(expert -> !expert.getExpertId().equals(expertId))
                .toList());
    }

    Contents with(MergedExpert added) {
        List<MergedExpert> all = new ArrayList<>(without(added.getExpertId()).experts());
        all.add(added);
        all.sort(Comparator.comparing(MergedExpert::getExpertId));
        return new Contents(all);
    }
}
