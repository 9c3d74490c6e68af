/** How the merge job fares under load. */
@NullMarked
package dev.koine.bench.job;

import org.jspecify.annotations.NullMarked;
