/** Content-addressed artifacts and the bundles that events refer to. */
@NullMarked
package dev.koine.engine.store;

import org.jspecify.annotations.NullMarked;
