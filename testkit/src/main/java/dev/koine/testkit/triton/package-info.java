/**
 * What the tests of several modules build alike: small models, broken and harmful ones, versions, and the
 * committed fixtures.
 */
@NullMarked
package dev.koine.testkit.triton;

import org.jspecify.annotations.NullMarked;
