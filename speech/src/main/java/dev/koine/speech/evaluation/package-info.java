/** How well a model does on held-out speech: evaluation sets, error rates, BLEU and the loss of the reference. */
@NullMarked
package dev.koine.speech.evaluation;

import org.jspecify.annotations.NullMarked;
