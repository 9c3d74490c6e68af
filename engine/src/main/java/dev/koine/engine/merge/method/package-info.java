/** Merge methods: how experts are pruned and how their task vectors are put together. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.engine.merge.method;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
