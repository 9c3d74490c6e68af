/**
 * What the tests of several modules build alike: small models, broken and harmful ones, versions, and the
 * committed fixtures.
 */
@NullMarked
package dev.koine.testkit;

import org.jspecify.annotations.NullMarked;
