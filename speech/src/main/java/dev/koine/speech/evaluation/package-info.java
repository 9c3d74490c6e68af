/** How well a model does on held-out speech: evaluation sets, error rates, BLEU and the loss of the reference. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.speech.evaluation;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
