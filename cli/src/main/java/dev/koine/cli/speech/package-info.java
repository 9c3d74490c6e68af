/** A speech service as Koine's users have them. */
@NullMarked
package dev.koine.cli.speech;

import org.jspecify.annotations.NullMarked;
