/** Versions for people: model cards, and error rates in a terminal. */
@NullMarked
package dev.koine.cli.card;

import org.jspecify.annotations.NullMarked;
