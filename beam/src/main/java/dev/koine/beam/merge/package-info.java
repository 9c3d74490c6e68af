/** The steps of a merge on workers that share a file system and nothing else. */
@NullMarked
package dev.koine.beam.merge;

import org.jspecify.annotations.NullMarked;
