/** Events on their way to and from Kafka: writing them, reading what became of them, their bundles. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.events;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
