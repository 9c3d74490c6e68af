/** What commands that follow a model have in common. */
@NullMarked
package dev.koine.cli.following;

import org.jspecify.annotations.NullMarked;
