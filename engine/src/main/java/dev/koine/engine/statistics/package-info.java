/** Statistics of a language: second moments of what the layers of a base multiply their weights with. */
@NullMarked
package dev.koine.engine.statistics;

import org.jspecify.annotations.NullMarked;
