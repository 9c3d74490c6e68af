/** What the files beside a model say its inputs and outputs mean, compared between base and expert. */
@NullMarked
package dev.koine.engine.sidefile;

import org.jspecify.annotations.NullMarked;
