/** Apache Beam transforms: experts merged on any runner, experts submitted, versions followed, speech transcribed. */
@API(status = API.Status.EXPERIMENTAL)
@NullMarked
package dev.koine.beam;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
