package dev.koine.subscriber.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.BundleFile;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatementTest {
    private static final String SECRET = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
    private static final String KNOWN = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    @TempDir
    Path directory;

    /** For those who sign in another language: the key of RFC 8032, 7.1, test 1, and what comes out. */
    @Test
    void aKnownEventHasAKnownSignature() throws Exception {
        SigningKey key = rfc8032();
        byte[] statement = Statement.of(event());
        assertThat(new String(statement, StandardCharsets.UTF_8))
                .isEqualTo("koine-expert-1\naction 5\nMERGE\nmodel 1\nm\nexpert 2\nde\nrevision 1\n2\nlanguages 1\n1\n"
                        + "languages 5\nde-CH\ntasks 1\n0\nweight 16\n3fe0000000000000\nbundle 71\nsha256:"
                        + "28cec8eb37191723bc4b1b1da39d655f5e7edaf05dc9e1811abe7b9342e63fba"
                        + "\nback-to -\n-\ntime 13\n1700000000000\n");
        assertThat(HexFormat.of().formatHex(key.sign(statement).getValue().array()))
                .isEqualTo("460abd14db38fc082a4607a8b94c88ae1d3ff6b3d315a6a416bb67dc5e237280"
                        + "d7cbf3709f5a175bc2f3cc05c5ac4f0ca5b0cad668c475a18c0d70de6fca000e");
        assertThat(key.keyId()).isEqualTo("06e3fd8fda29bb60");
    }

    @Test
    void differentEventsHaveDifferentStatements() throws Exception {
        List<ExpertEvent> events = new ArrayList<>(List.of(event()));
        events.add(changed().setAction(ExpertAction.RETRACT).build());
        events.add(changed().setModelId("n").build());
        events.add(changed().setModelId("m\nexpert 2\nde").build());
        events.add(changed().setExpertId("").build());
        events.add(changed().setRevision(3).build());
        events.add(changed().setLanguages(List.of()).build());
        events.add(changed().setLanguages(List.of("de", "CH")).build());
        events.add(changed().setLanguages(List.of("de-CH\ntasks 1\n0")).build());
        events.add(changed().setTasks(List.of("")).build());
        events.add(changed().setTasks(List.of("-")).build());
        events.add(changed().setWeight(Math.nextUp(0.5)).build());
        events.add(changed().setWeight(-0.5).build());
        events.add(changed().setBundle(null).build());
        events.add(changed().setBundle(bundle("b")).build());
        events.add(changed().setBackTo(0L).build());
        events.add(changed().setTime(Instant.ofEpochMilli(1)).build());
        Set<String> statements = new HashSet<>();
        for (ExpertEvent event : events) {
            assertThat(statements.add(new String(Statement.of(event), StandardCharsets.UTF_8)))
                    .as("%s", event)
                    .isTrue();
        }
    }

    @Test
    void theBundlesPlaceMayChange() throws Exception {
        Bundle moved = bundle("a");
        moved.setUri("file:///elsewhere/");
        assertThat(Statement.of(changed().setBundle(moved).build())).isEqualTo(Statement.of(event()));
    }

    @Test
    void aKeyIsReadBackAndNeverShown() throws Exception {
        SigningKey key = SigningKey.generate();
        Path file = directory.resolve("key");
        key.write(file);
        String secret = Files.readAllLines(file).get(0);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        SigningKey read = SigningKey.read(file);
        assertThat(read.keyId()).isEqualTo(key.keyId());
        assertThat(read.sign(new byte[] {1})).isEqualTo(key.sign(new byte[] {1}));
        assertThat(key.toString()).contains(key.keyId()).doesNotContain(secret);
        assertThat(key.trustLine(EnumSet.of(Role.EXPERTS))).doesNotContain(secret);
        assertThatThrownBy(() -> key.write(file)).isInstanceOf(IOException.class);

        Files.writeString(file, secret + "\nbroken\n");
        assertThatThrownBy(() -> SigningKey.read(file))
                .isInstanceOf(IOException.class)
                .hasNoCause()
                .hasMessageNotContaining(secret);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> SigningKey.read(file)).hasMessageContaining("chmod 600");
    }

    @Test
    void trustsKeysForTheirRolesOnly() throws Exception {
        SigningKey key = SigningKey.generate();
        TrustedKeys trusted =
                new TrustedKeys(List.of("# ours", "", key.trustLine(EnumSet.of(Role.EXPERTS)) + "  the pipeline's"));
        byte[] statement = Statement.of(event());
        trusted.require(key.sign(statement), statement, Role.EXPERTS);
        assertThat(trusted.knows(key.keyId())).isTrue();
        assertRefused(RejectionCode.BAD_SIGNATURE, () -> trusted.require(key.sign(statement), statement, Role.UPDATES));
        assertRefused(
                RejectionCode.BAD_SIGNATURE, () -> trusted.require(key.sign(new byte[0]), statement, Role.EXPERTS));
        assertRefused(RejectionCode.UNSIGNED, () -> trusted.require(null, statement, Role.EXPERTS));
        assertRefused(
                RejectionCode.BAD_SIGNATURE,
                () -> trusted.require(SigningKey.generate().sign(statement), statement, Role.EXPERTS));
        dev.koine.schemas.Signature cut = key.sign(statement);
        cut.setValue(java.nio.ByteBuffer.wrap(new byte[3]));
        assertRefused(RejectionCode.BAD_SIGNATURE, () -> trusted.require(cut, statement, Role.EXPERTS));
    }

    @Test
    void saysWhichLineIsNoKey() {
        assertThatThrownBy(() -> new TrustedKeys(List.of("", "experts " + KNOWN, "updates abc")))
                .hasMessageContaining("Line 3");
        assertThatThrownBy(() -> new TrustedKeys(List.of("everything " + KNOWN)))
                .hasMessageContaining("Line 1");
        assertThatThrownBy(() -> new TrustedKeys(List.of("experts " + KNOWN, "models " + KNOWN)))
                .hasMessageContaining("Line 2");
    }

    private static void assertRefused(RejectionCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThat(catchThrowableOfType(RejectedException.class, call).code()).isEqualTo(code);
    }

    private SigningKey rfc8032() throws IOException {
        Path file = directory.resolve("rfc8032");
        Files.writeString(file, SECRET + "\n" + KNOWN + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThat(Base64.getDecoder().decode(KNOWN)).hasSize(44);
        return SigningKey.read(file);
    }

    private static ExpertEvent.Builder changed() {
        return ExpertEvent.newBuilder(event());
    }

    private static ExpertEvent event() {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId("m")
                .setExpertId("de")
                .setRevision(2)
                .setLanguages(List.of("de-CH"))
                .setTasks(List.of())
                .setWeight(0.5)
                .setBundle(bundle("a"))
                .setTime(Instant.ofEpochMilli(1_700_000_000_000L))
                .build();
    }

    private static Bundle bundle(String path) {
        return new Bundle("file:///m/", List.of(new BundleFile(path, 1L, "0".repeat(64))));
    }
}
