/** How registrations and experts are taken in: checked, copied, aligned, given their turn. */
@NullMarked
package dev.koine.lifecycle.intake;

import org.jspecify.annotations.NullMarked;
