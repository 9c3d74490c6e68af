/** Versions and experts in the forms that services and training frameworks load. */
@NullMarked
package dev.koine.cli.export;

import org.jspecify.annotations.NullMarked;
