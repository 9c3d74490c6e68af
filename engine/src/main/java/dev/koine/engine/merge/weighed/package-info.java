/**
 * Task vectors weighed by what the layers' inputs look like in each language (RegMean, arXiv 2212.09849): its sums, and what they come to.
 */
@NullMarked
package dev.koine.engine.merge.weighed;

import org.jspecify.annotations.NullMarked;
