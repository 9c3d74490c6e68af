/** The demonstration: a model that learns languages while it serves. */
@NullMarked
package dev.koine.cli.demo;

import org.jspecify.annotations.NullMarked;
