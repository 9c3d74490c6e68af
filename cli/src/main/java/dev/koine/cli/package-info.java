/** The koine command: entry point, exit codes, error messages. */
@NullMarked
package dev.koine.cli;

import org.jspecify.annotations.NullMarked;
