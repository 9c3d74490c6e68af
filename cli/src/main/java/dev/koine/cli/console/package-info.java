/** What a person sees on a terminal. */
@NullMarked
package dev.koine.cli.console;

import org.jspecify.annotations.NullMarked;
