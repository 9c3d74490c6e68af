/** The transforms by name and rows, for Beam YAML and for SDKs in other languages. */
@NullMarked
package dev.koine.beam.schema;

import org.jspecify.annotations.NullMarked;
