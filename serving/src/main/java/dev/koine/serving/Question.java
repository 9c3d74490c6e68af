package dev.koine.serving;

import dev.koine.speech.Features;
import dev.koine.speech.Task;

/** Speech, and what is asked about it. */
interface Question {
    /** @throws IllegalArgumentException if there are none in this layout */
    Features features(FeatureLayout layout);

    /** BCP 47 tag of the speech. */
    String language();

    Task task();

    /** A question about features whose layout the asker has seen to. */
    record Plain(Features features, String language, Task task) implements Question {
        @Override
        public Features features(FeatureLayout layout) {
            return features;
        }
    }
}
