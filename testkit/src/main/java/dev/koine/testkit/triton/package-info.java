/** A stand-in for a Triton server, strict where Triton's documents are. */
@NullMarked
package dev.koine.testkit.triton;

import org.jspecify.annotations.NullMarked;
