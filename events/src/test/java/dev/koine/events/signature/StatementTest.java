package dev.koine.events.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.BundleFile;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Patch;
import dev.koine.schemas.PolicyRule;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
import dev.koine.schemas.ScaleTrial;
import dev.koine.schemas.YardstickScore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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
        events.add(changed().setCombine(List.of(new CombineTerm("es", 0.7))).build());
        events.add(changed().setCombine(List.of(new CombineTerm("es", 0.3))).build());
        events.add(changed().setCombine(List.of(new CombineTerm("ca", 0.7))).build());
        events.add(changed()
                .setCombine(List.of(new CombineTerm("es", 0.7), new CombineTerm("ca", 0.3)))
                .build());
        Set<String> statements = new HashSet<>();
        for (ExpertEvent event : events) {
            assertThat(statements.add(new String(Statement.of(event), StandardCharsets.UTF_8)))
                    .as("%s", event)
                    .isTrue();
        }
    }

    /** A plain registration and a plain update have the statements that the first release made for them. */
    @Test
    void whatOlderReleasesSignedKeepsItsStatement() throws Exception {
        assertThat(sha256(Statement.of(registration().build())))
                .isEqualTo("f9a56e9e8fa20936138735a222e1bbb0a49583c999a1d5a5f027b82c5155e08f");
        assertThat(sha256(Statement.of(update().build())))
                .isEqualTo("08ac8091a1aad5fa42b21acdbe0399feb3aca476994965597cc5040477aefc3c");
    }

    /** As the releases before yardsticks made them. */
    @Test
    void aGateThatHoldsAgainstTheParentAloneKeepsItsStatement() throws Exception {
        GatePolicy policy = GatePolicy.newBuilder()
                .setMode("ENFORCE")
                .setConfidence(0.95)
                .setGuarded(List.of("en"))
                .build();
        assertThat(sha256(Statement.of(registration()
                        .setEvaluationSets(List.of(bundle("a")))
                        .setGate(policy)
                        .build())))
                .isEqualTo("c7cbb8f73f9ec6ff0ed09144cbcec3e398648e5bc0b565a1e74388e9147e8341");
        GateReport report = report().setPolicy(policy)
                .setScores(List.of(LanguageScore.newBuilder(score(0.2, null))
                        .setGrowth(new Interval(0.1, 0.2))
                        .build()))
                .build();
        assertThat(sha256(Statement.of(update().setGate(report).build())))
                .isEqualTo("6aedf405c1bef22aa9b3e2ecaf9419fb507710bd94825032a6e419a0a636fae2");
    }

    /** Such a statement is no other's, and not that of a recipe whose fields are the schema's defaults. */
    @Test
    void aRecipeThatIsLeftOutIsSignedAsSuch() throws Exception {
        ModelRegistration leftOut = ModelRegistration.newBuilder()
                .setModelId("m")
                .setBase(bundle("a"))
                .setTime(Instant.ofEpochMilli(1_700_000_000_000L))
                .build();
        assertThat(new String(Statement.of(leftOut), StandardCharsets.UTF_8))
                .contains("rules 1\n0\nmethod 7\nDEFAULT\ntime 13\n");
    }

    @Test
    void aRegistrationSignsRecipeSetsGateAndCheckpoint() throws Exception {
        List<ModelRegistration> registrations = new ArrayList<>();
        registrations.add(registration().build());
        for (Recipe.Builder recipe : List.of(
                Recipe.newBuilder().setMethod("TIES"),
                Recipe.newBuilder().setMethod("DEFAULT"),
                Recipe.newBuilder().setScaling("PER_EXPERT"),
                Recipe.newBuilder().setScaling("SEARCH").setScaleGrid(List.of(0.1)),
                Recipe.newBuilder().setScaling("SEARCH").setScaleGrid(List.of(0.1, 0.2)),
                Recipe.newBuilder().setScaling("NORM").setScaleLimit(0.4),
                Recipe.newBuilder().setScaling("NORM").setScaleLimit(0.5),
                Recipe.newBuilder().setSeed(1),
                Recipe.newBuilder().setSlack(0.5))) {
            registrations.add(registration().setRecipe(recipe.build()).build());
        }
        registrations.add(registration().setEvaluationSets(List.of(bundle("a"))).build());
        registrations.add(registration().setEvaluationSets(List.of(bundle("b"))).build());
        registrations.add(registration().setCheckpoint(bundle("a")).build());
        registrations.add(registration().setCheckpoint(bundle("b")).build());
        for (GatePolicy.Builder policy : List.of(
                GatePolicy.newBuilder(),
                GatePolicy.newBuilder().setMode("ENFORCE"),
                GatePolicy.newBuilder().setMaxRegression(1),
                GatePolicy.newBuilder().setMaxMeanRegression(1),
                GatePolicy.newBuilder().setMinGain(1),
                GatePolicy.newBuilder().setGuarded(List.of("en")),
                GatePolicy.newBuilder().setSample(7),
                GatePolicy.newBuilder().setSeed(7),
                GatePolicy.newBuilder().setConfidence(0.9),
                GatePolicy.newBuilder().setConfidence(0.95),
                GatePolicy.newBuilder().setAgainst(List.of("BASE")),
                GatePolicy.newBuilder().setAgainst(List.of("BASE", "BEST")),
                GatePolicy.newBuilder().setMaxDecline(0.04),
                GatePolicy.newBuilder().setAgainst(List.of("BASE")).setMaxDecline(0.04))) {
            registrations.add(registration()
                    .setEvaluationSets(List.of(bundle("a")))
                    .setGate(policy.build())
                    .build());
        }
        Set<String> statements = new HashSet<>();
        for (ModelRegistration each : registrations) {
            assertThat(statements.add(new String(Statement.of(each), StandardCharsets.UTF_8)))
                    .as("%s", each)
                    .isTrue();
        }
    }

    @Test
    void anUpdateSignsItsScaleItsReportAndWhatAnExpertWasCombinedFrom() throws Exception {
        List<ModelUpdate> updates = new ArrayList<>();
        updates.add(update().build());
        updates.add(update().setScale(0.2).build());
        updates.add(update().setScale(0.3).build());
        updates.add(update().setUpdateShare(0.2).build());
        updates.add(update().setUpdateShare(0.3).build());
        for (String digest : List.of("sha256:" + "1".repeat(64), "sha256:" + "2".repeat(64))) {
            updates.add(update().setCheckpointDigest(digest).build());
            updates.add(update().setWeightMapDigest(digest).build());
        }
        updates.add(update().setScale(0.2)
                .setScalesDigest("sha256:" + "1".repeat(64))
                .build());
        updates.add(update().setBase(bundle("a")).build());
        updates.add(update().setBase(bundle("b")).build());
        updates.add(
                update().setBase(new Bundle("file:///elsewhere/", bundle("a").getFiles()))
                        .build());
        for (Patch patch : List.of(
                new Patch(bundle("a"), 1L),
                new Patch(bundle("b"), 1L),
                new Patch(bundle("a"), 2L),
                new Patch(new Bundle("file:///elsewhere/", bundle("a").getFiles()), 1L))) {
            ModelUpdate patched = update().build();
            patched.getExperts().get(0).setPatch(patch);
            updates.add(patched);
        }
        ModelUpdate combined = update().build();
        combined.getExperts().get(0).setCombine(List.of(new CombineTerm("es", 0.7)));
        updates.add(combined);
        for (GateReport.Builder report : List.of(
                report(),
                report().setPassed(false),
                report().setReasons(List.of("de grew worse")),
                report().setScores(List.of(score(0.2, null))),
                report().setScores(List.of(score(0.3, null))),
                report().setScores(List.of(score(null, "NaN logits"))),
                report().setScores(List.of(LanguageScore.newBuilder(score(0.2, null))
                        .setBefore(Measures.newBuilder().setUtterances(3).build())
                        .build())),
                report().setScaleTrials(List.of(new ScaleTrial(0.2, 0.5))),
                report().setScaleTrials(List.of(new ScaleTrial(0.2, null))),
                report().setEvaluationSets(List.of("sha256:" + "2".repeat(64))),
                report().setEvaluationMillis(1),
                report().setMergeMillis(1),
                report().setGrowthInside(new Interval(0.1, 0.2)),
                report().setGrowthInside(new Interval(0.1, 0.3)),
                report().setGrowthNew(new Interval(0.1, 0.2)),
                report().setScores(List.of(LanguageScore.newBuilder(score(0.2, null))
                        .setGrowth(new Interval(0.1, 0.2))
                        .build())),
                held(yardstick()),
                held(yardstick(), yardstick()),
                held(yardstick().setYardstick("BASE")),
                held(yardstick().setVersion(4)),
                held(yardstick().setDigest("sha256:" + "2".repeat(64))),
                held(yardstick().setError(0.4)),
                held(yardstick().setGrowth(new Interval(0.1, 0.2))),
                held(yardstick().setJudged(false)),
                held(yardstick().setFailure("gone")))) {
            updates.add(update().setGate(report.build()).build());
        }
        Set<String> statements = new HashSet<>();
        for (ModelUpdate each : updates) {
            assertThat(statements.add(new String(Statement.of(each), StandardCharsets.UTF_8)))
                    .as("%s", each)
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

    private static String sha256(byte[] statement) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(statement));
    }

    private static ModelRegistration.Builder registration() {
        return ModelRegistration.newBuilder()
                .setModelId("m")
                .setBase(bundle("a"))
                .setRecipe(Recipe.newBuilder()
                        .setRules(List.of(new PolicyRule("**", "DENSE")))
                        .build())
                .setTime(Instant.ofEpochMilli(1_700_000_000_000L));
    }

    private static ModelUpdate.Builder update() {
        return ModelUpdate.newBuilder()
                .setModelId("m")
                .setVersion(4)
                .setParent(3L)
                .setDigest("sha256:" + "3".repeat(64))
                .setBundle(bundle("a"))
                .setExperts(List.of(MergedExpert.newBuilder()
                        .setExpertId("de")
                        .setRevision(2L)
                        .setLanguages(List.of("de"))
                        .setTasks(List.of("TRANSCRIBE"))
                        .setWeight(0.5)
                        .setBundleDigest("sha256:" + "4".repeat(64))
                        .setTaskVectorDigest("sha256:" + "5".repeat(64))
                        .build()))
                .setRecipe(Recipe.newBuilder().build())
                .setCause(Cause.newBuilder()
                        .setChange(Change.MERGED)
                        .setExpertId("de")
                        .setRevision(2L)
                        .setPosition(new Position("koine.experts", 1, 17L, Instant.EPOCH))
                        .build())
                .setTime(Instant.ofEpochMilli(1_700_000_000_000L));
    }

    private static GateReport.Builder report() {
        return GateReport.newBuilder()
                .setPolicy(GatePolicy.newBuilder().build())
                .setPassed(true);
    }

    private static GateReport.Builder held(YardstickScore.Builder... yardsticks) {
        return report().setScores(List.of(LanguageScore.newBuilder(score(0.2, null))
                .setYardsticks(
                        Stream.of(yardsticks).map(YardstickScore.Builder::build).toList())
                .build()));
    }

    private static YardstickScore.Builder yardstick() {
        return YardstickScore.newBuilder()
                .setYardstick("BEST")
                .setVersion(3)
                .setDigest("sha256:" + "1".repeat(64))
                .setError(0.2);
    }

    private static LanguageScore score(@Nullable Double error, @Nullable String failure) {
        return LanguageScore.newBuilder()
                .setLanguage("de")
                .setTask("TRANSCRIBE")
                .setStanding("INSIDE")
                .setAfter(Measures.newBuilder()
                        .setUtterances(3)
                        .setError(error)
                        .setFailure(failure)
                        .build())
                .build();
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
