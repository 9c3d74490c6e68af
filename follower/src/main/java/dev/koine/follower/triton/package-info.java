/** Keeps a folder, and the server that reads it, on the newest version of a model. */
@NullMarked
package dev.koine.follower.triton;

import org.jspecify.annotations.NullMarked;
