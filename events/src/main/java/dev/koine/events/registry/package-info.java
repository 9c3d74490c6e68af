/** How events lie in Kafka records: by themselves, or with a schema registry's header. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.events.registry;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
