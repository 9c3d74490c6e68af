package dev.koine.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.onnx.proto.OnnxMl.GraphProto;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks on other readers of ONNX files that were published, tried on this one. */
class KnownAttacksTest {
    private static final byte[] SECRET = "12345678".getBytes();

    @TempDir
    Path parent;

    private Path secret;
    private Path bundle;

    @BeforeEach
    void makeBundle() throws Exception {
        secret = Files.write(parent.resolve("secret"), SECRET);
        bundle = Files.createDirectory(parent.resolve("bundle"));
    }

    /** CVE-2022-25882: external data at {@code ../} is read from outside the model's folder. */
    @ParameterizedTest
    @ValueSource(strings = {"../secret", "a/../../secret", "./../secret"})
    void cve202225882(String location) throws Exception {
        Files.createDirectory(bundle.resolve("a"));
        writeModel(location);
        assertRefused();
    }

    /** CVE-2024-27318: the check for {@code ..} is passed by another way of writing the same place. */
    @ParameterizedTest
    @ValueSource(
            strings = {"..//secret", "a/b/../../../secret", "..\\secret", "/proc/self/cwd/../secret", "%2e%2e/secret"})
    void cve202427318(String location) throws Exception {
        Files.createDirectories(bundle.resolve("a/b"));
        writeModel(location);
        assertThat(refusal().code()).isIn(RejectionCode.PLACE_NOT_ALLOWED, RejectionCode.MISSING_FILE);
    }

    /** CVE-2025-51480: a location outside is written to when the model is saved with its external data. */
    @Test
    void cve202551480() throws Exception {
        writeModel("../secret");
        assertRefused();
        Files.createSymbolicLink(bundle.resolve("weights"), secret);
        writeModel("weights");
        assertRefused();
        assertThat(secret).hasBinaryContent(SECRET);
    }

    /** CVE-2026-27489: the location is a symbolic link, or lies beyond one. */
    @Test
    void cve202627489() throws Exception {
        Files.createSymbolicLink(bundle.resolve("weights"), secret);
        writeModel("weights");
        assertRefused();
        Files.createSymbolicLink(bundle.resolve("folder"), parent);
        writeModel("folder/secret");
        assertRefused();
    }

    /** CVE-2026-34446: the location is a hard link, which no resolving of paths gives away. */
    @Test
    void cve202634446() throws Exception {
        Files.createLink(bundle.resolve("weights"), secret);
        writeModel("weights");
        assertRefused();
        RejectedException listed = catchThrowableOfType(RejectedException.class, () -> Bundle.describe(bundle));
        assertThat(listed.code()).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
    }

    /** A file is checked, and then swapped for another: the copy holds what was hashed, or nothing. */
    @Test
    void timeOfCheckTimeOfUse() throws Exception {
        Files.write(bundle.resolve("weights"), new byte[8]);
        writeModel("weights");
        Bundle announced = Bundle.describe(bundle);
        BundleVerifier.verify(announced, bundle);
        Files.write(bundle.resolve("weights"), SECRET);
        RejectedException swapped = catchThrowableOfType(
                RejectedException.class,
                () -> BundleVerifier.copyVerified(announced, BundleSource.LOCAL, parent.resolve("copy")));
        assertThat(swapped.code()).isEqualTo(RejectionCode.DIGEST_MISMATCH);
        Files.delete(bundle.resolve("weights"));
        Files.createSymbolicLink(bundle.resolve("weights"), secret);
        RejectedException linked = catchThrowableOfType(
                RejectedException.class,
                () -> BundleVerifier.copyVerified(announced, BundleSource.LOCAL, parent.resolve("other")));
        assertThat(linked.code()).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
    }

    private void writeModel(String location) throws Exception {
        Protos.write(
                bundle,
                "model.onnx",
                Protos.model(GraphProto.newBuilder().addInitializer(Protos.external("w", List.of(2L), location, 0))));
    }

    private void assertRefused() {
        assertThat(refusal().code()).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
    }

    private RejectedException refusal() {
        return catchThrowableOfType(RejectedException.class, () -> ModelBundle.open(bundle));
    }
}
