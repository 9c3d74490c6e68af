/** Koine's models in streams of Flink: decoded where the records are, swapped while they flow. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.flink.serving;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
