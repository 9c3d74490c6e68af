/** What {@code deploy/kubernetes} and {@code deploy/docker} name is there, and what they say of the same thing agrees. */
@NullMarked
package dev.koine.cli.deploy;

import org.jspecify.annotations.NullMarked;
