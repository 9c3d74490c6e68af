/** Ed25519 signatures (RFC 8032) over events: who may add a language, and which versions a service takes. */
@NullMarked
package dev.koine.events.signature;

import org.jspecify.annotations.NullMarked;
