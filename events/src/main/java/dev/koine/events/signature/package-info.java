/** Ed25519 signatures (RFC 8032) over events: who may add a language, and which versions a service takes. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.events.signature;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
