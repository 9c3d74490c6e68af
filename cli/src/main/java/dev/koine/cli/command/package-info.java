/** One class a subcommand. */
@NullMarked
package dev.koine.cli.command;

import org.jspecify.annotations.NullMarked;
