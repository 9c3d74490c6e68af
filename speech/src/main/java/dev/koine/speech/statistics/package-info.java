/** Collects the statistics of a language: the second moments of what a model's layers are given. */
@NullMarked
package dev.koine.speech.statistics;

import org.jspecify.annotations.NullMarked;
