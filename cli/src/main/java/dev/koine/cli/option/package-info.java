/** What several commands ask for. */
@NullMarked
package dev.koine.cli.option;

import org.jspecify.annotations.NullMarked;
