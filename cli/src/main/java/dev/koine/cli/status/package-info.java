/** How the merge job is doing: asked of Flink's REST interface, told in plain sentences. */
@NullMarked
package dev.koine.cli.status;

import org.jspecify.annotations.NullMarked;
