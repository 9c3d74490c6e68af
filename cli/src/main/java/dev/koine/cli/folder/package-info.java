/** What commands find in folders, and make of them. */
@NullMarked
package dev.koine.cli.folder;

import org.jspecify.annotations.NullMarked;
