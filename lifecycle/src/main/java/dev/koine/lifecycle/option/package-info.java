/** The options of the merge job, each declared once; whatever runs it reads these. */
@NullMarked
package dev.koine.lifecycle.option;

import org.jspecify.annotations.NullMarked;
