/** Speech models that follow their updates, for frameworks that run many workers in one JVM: one subscriber for all of them. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.serving;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
