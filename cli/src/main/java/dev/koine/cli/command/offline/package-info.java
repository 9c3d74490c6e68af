/** Commands that need no broker and no job. */
@NullMarked
package dev.koine.cli.command.offline;

import org.jspecify.annotations.NullMarked;
