/** What the tests of several modules build alike: small models, broken ones, and the committed fixtures. */
@NullMarked
package dev.koine.testkit;

import org.jspecify.annotations.NullMarked;
