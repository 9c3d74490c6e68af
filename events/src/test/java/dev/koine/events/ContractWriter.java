package dev.koine.events;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.engine.store.Sha256;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.Statement;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.BundleFile;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Patch;
import dev.koine.schemas.PolicyRule;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
import dev.koine.schemas.ScaleTrial;
import dev.koine.schemas.ServiceFailure;
import dev.koine.schemas.ServiceReport;
import dev.koine.schemas.YardstickScore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;

/** Writes what {@link ContractTest} and clients in other languages read. */
final class ContractWriter {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final EventCodec<ModelUpdate> UPDATES = EventCodec.of(ModelUpdate.class);
    private static final EventCodec<ServiceReport> REPORTS = EventCodec.of(ServiceReport.class);
    private static final Instant TIME = Instant.ofEpochMilli(1_795_000_000_123L);
    private static final String GOLDEN_V1 = "../schemas/src/test/resources/dev/koine/schemas/golden/v1/update.bin";

    private ContractWriter() {}

    static void write(Path folder) throws Exception {
        Files.createDirectories(folder);
        save(folder.resolve("events.json"), events());
        save(folder.resolve("bundles.json"), bundles());
        save(folder.resolve("statements.json"), statements());
        save(folder.resolve("reports.json"), reports());
    }

    private static void save(Path file, ArrayNode entries) throws IOException {
        Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(entries) + "\n");
    }

    private static ArrayNode events() throws Exception {
        ArrayNode entries = JSON.createArrayNode();
        byte[] old = Files.readAllBytes(Path.of(GOLDEN_V1));
        byte[] full = UPDATES.encode(full());
        byte[] plain = UPDATES.encode(plain());
        entry(entries, "written by release 1", old).set("json", ContractTest.json(UPDATES.decode(old)));
        entry(entries, "plain", plain).set("json", ContractTest.json(UPDATES.decode(plain)));
        entry(entries, "every field", full).set("json", ContractTest.json(UPDATES.decode(full)));
        byte[] marker = plain.clone();
        marker[0] = 0;
        byte[] fingerprint = plain.clone();
        fingerprint[5] ^= 1;
        byte[] length = plain.clone();
        length[10] = 1;
        byte[] huge = Arrays.copyOf(plain, 20);
        Arrays.fill(huge, 10, 18, (byte) 0xFF);
        huge[18] = 0x7F;
        entry(entries, "empty", new byte[0]).putNull("json");
        entry(entries, "another marker", marker).putNull("json");
        entry(entries, "unknown schema", fingerprint).putNull("json");
        entry(entries, "cut off", Arrays.copyOf(plain, plain.length - 1)).putNull("json");
        entry(entries, "header alone", Arrays.copyOf(plain, 10)).putNull("json");
        entry(entries, "a byte left over", Arrays.copyOf(plain, plain.length + 1))
                .putNull("json");
        entry(entries, "a length below zero", length).putNull("json");
        entry(entries, "a length beyond the message", huge).putNull("json");
        return entries;
    }

    private static ArrayNode reports() throws IOException {
        ArrayNode entries = JSON.createArrayNode();
        ServiceReport first = ServiceReport.newBuilder()
                .setService("asr-1")
                .setModelId("whisper-small")
                .setTime(TIME)
                .build();
        ServiceReport full = ServiceReport.newBuilder(first)
                .setVersion(300L)
                .setDigest("sha256:" + "ab".repeat(32))
                .setSince(TIME.minusMillis(1))
                .setEnded(true)
                .setFailures(List.of(
                        new ServiceFailure("REFUSED", 301L, "Größe", 1L, TIME),
                        new ServiceFailure("TROUBLE", null, "no route", 1L << 40, TIME)))
                .build();
        for (ServiceReport report : List.of(first, full)) {
            entry(
                            entries,
                            report.getVersion() == null ? "before the first version" : "every field",
                            REPORTS.encode(report))
                    .set("json", ContractTest.json(report));
        }
        return entries;
    }

    private static ArrayNode statements() throws Exception {
        ArrayNode entries = JSON.createArrayNode();
        SigningKey key = SigningKey.generate();
        String trusted = key.trustLine(EnumSet.of(Role.UPDATES, Role.EXPERTS));
        String other = SigningKey.generate().trustLine(EnumSet.of(Role.UPDATES));
        ModelUpdate signed = full();
        signed.setSignature(key.sign(Statement.of(signed)));
        ModelUpdate changed = ModelUpdate.newBuilder(signed).setVersion(301).build();
        ModelUpdate plain = plain();
        plain.setSignature(key.sign(Statement.of(plain)));
        statement(entries, "signed", signed, "# a comment", "", trusted, other);
        statement(entries, "signed, without later fields", plain, trusted);
        statement(entries, "unsigned", plain(), trusted);
        statement(entries, "changed after it was signed", changed, trusted);
        statement(entries, "signed by an unknown key", signed, other);
        statement(entries, "signed by a key for experts", signed, key.trustLine(EnumSet.of(Role.EXPERTS)));
        return entries;
    }

    private static void statement(ArrayNode entries, String name, ModelUpdate update, String... trusted)
            throws Exception {
        ObjectNode entry = entry(entries, name, UPDATES.encode(update));
        byte[] statement = Statement.of(update);
        entry.put("statement", Base64.getEncoder().encodeToString(statement));
        Arrays.stream(trusted).forEach(entry.putArray("trusted")::add);
        entry.put("verdict", ContractTest.signatureVerdict(new TrustedKeys(List.of(trusted)), update, statement));
    }

    private static ArrayNode bundles() throws IOException {
        ArrayNode entries = JSON.createArrayNode();
        Map<String, String> tree = Map.of("a.txt", "one", "deep/b.txt", "two");
        bundle(entries, "good", tree, Map.of(), Map.of(), file("deep/b.txt", "two"), file("a.txt", "one"));
        bundle(entries, "a name beyond ASCII", Map.of("größe.txt", "x"), Map.of(), Map.of(), file("größe.txt", "x"));
        bundle(entries, "no file", tree, Map.of(), Map.of());
        bundle(entries, "a file twice", tree, Map.of(), Map.of(), file("a.txt", "one"), file("a.txt", "one"));
        for (String path :
                List.of("../a.txt", "/a.txt", "deep//b.txt", "./a.txt", "a\\b", "c:a", "a\nb", "", "deep/")) {
            bundle(entries, "path '" + path + "'", tree, Map.of(), Map.of(), file(path, "one"));
        }
        bundle(entries, "a long path", tree, Map.of(), Map.of(), file("a".repeat(513), "one"));
        bundle(entries, "a size below zero", tree, Map.of(), Map.of(), new BundleFile("a.txt", -1L, sha("one")));
        bundle(entries, "too large", tree, Map.of(), Map.of(), new BundleFile("a.txt", (256L << 30) + 1, sha("one")));
        bundle(entries, "a digest in capitals", tree, Map.of(), Map.of(), new BundleFile("a.txt", 3L, "A".repeat(64)));
        bundle(entries, "missing", tree, Map.of(), Map.of(), file("c.txt", "one"));
        bundle(entries, "another size", tree, Map.of(), Map.of(), file("a.txt", "longer"));
        bundle(entries, "other bytes", tree, Map.of(), Map.of(), file("a.txt", "onf"));
        bundle(entries, "a link", tree, Map.of("l.txt", "a.txt"), Map.of(), file("l.txt", "one"));
        bundle(entries, "a folder that is a link", tree, Map.of("way", "deep"), Map.of(), file("way/b.txt", "two"));
        bundle(entries, "a hard link", tree, Map.of(), Map.of("h.txt", "a.txt"), file("h.txt", "one"));
        bundle(entries, "a folder", tree, Map.of(), Map.of(), file("deep", "two"));
        return entries;
    }

    private static void bundle(
            ArrayNode entries,
            String name,
            Map<String, String> tree,
            Map<String, String> links,
            Map<String, String> hardLinks,
            BundleFile... files)
            throws IOException {
        ObjectNode entry = entries.addObject().put("name", name);
        entry.set("tree", JSON.valueToTree(tree));
        entry.set("links", JSON.valueToTree(links));
        entry.set("hardLinks", JSON.valueToTree(hardLinks));
        ArrayNode listed = entry.putArray("files");
        for (BundleFile file : files) {
            listed.addObject()
                    .put("path", file.getPath())
                    .put("size", file.getSize())
                    .put("sha256", file.getSha256());
        }
        entry.put("verdict", ContractTest.bundleVerdict(entry, Files.createTempDirectory("contract")));
    }

    private static BundleFile file(String path, String text) {
        return new BundleFile(path, (long) text.getBytes(StandardCharsets.UTF_8).length, sha(text));
    }

    private static String sha(String text) {
        return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static ObjectNode entry(ArrayNode entries, String name, byte[] message) {
        return entries.addObject()
                .put("name", name)
                .put("base64", Base64.getEncoder().encodeToString(message));
    }

    private static ModelUpdate plain() {
        return ModelUpdate.newBuilder()
                .setModelId("whisper-small")
                .setVersion(0)
                .setDigest("sha256:" + "ab".repeat(32))
                .setBundle(new Bundle("file:///models/x/", List.of(file("größe.onnx", "x"))))
                .setExperts(List.of())
                .setRecipe(Recipe.newBuilder().build())
                .setCause(Cause.newBuilder()
                        .setChange(Change.REGISTERED)
                        .setPosition(new Position("koine.models", 3, 1L << 40, TIME))
                        .build())
                .setTime(TIME)
                .build();
    }

    private static ModelUpdate full() {
        GatePolicy policy = GatePolicy.newBuilder()
                .setGuarded(List.of("de"))
                .setConfidence(0.9)
                .setAgainst(List.of("BASE"))
                .setMaxDecline(0.125)
                .build();
        Interval growth = new Interval(-0.0, 0.1);
        Measures measures = Measures.newBuilder()
                .setUtterances(7)
                .setError(0.25)
                .setWer(0.25)
                .build();
        YardstickScore yardstick = YardstickScore.newBuilder()
                .setYardstick("BASE")
                .setVersion(0)
                .setDigest("sha256:" + "01".repeat(32))
                .setError(0.5)
                .setGrowth(growth)
                .setFailure("gone")
                .build();
        LanguageScore score = LanguageScore.newBuilder()
                .setLanguage("de")
                .setTask("TRANSCRIBE")
                .setStanding("NEW")
                .setAfter(measures)
                .setGrowth(growth)
                .setYardsticks(List.of(yardstick))
                .build();
        GateReport gate = GateReport.newBuilder()
                .setPolicy(policy)
                .setPassed(true)
                .setReasons(List.of("Größe"))
                .setScores(List.of(score))
                .setScaleTrials(List.of(new ScaleTrial(0.5, null)))
                .setEvaluationSets(List.of("sha256:" + "02".repeat(32)))
                .setGrowthInside(growth)
                .build();
        Recipe recipe = Recipe.newBuilder()
                .setRules(List.of(new PolicyRule("**", "LORS")))
                .setMethod("TIES")
                .setScaling("SEARCH")
                .setScaleGrid(List.of(0.5, 1.0))
                .setScaleLimit(1.5)
                .setSeed(9)
                .setSlack(0.25)
                .build();
        MergedExpert expert = MergedExpert.newBuilder()
                .setExpertId("de")
                .setRevision(2)
                .setLanguages(List.of("de", "gsw"))
                .setTasks(List.of("TRANSCRIBE"))
                .setWeight(-0.75)
                .setBundleDigest("")
                .setTaskVectorDigest("sha256:" + "ef".repeat(32))
                .setCombine(List.of(new CombineTerm("ca", 0.1)))
                .setStatisticsDigest("sha256:" + "03".repeat(32))
                .setPatch(new Patch(
                        new dev.koine.schemas.Bundle(
                                "file:///store/artifacts/",
                                List.of(new dev.koine.schemas.BundleFile("07".repeat(32), 4321L, "07".repeat(32)))),
                        1L << 33))
                .build();
        return ModelUpdate.newBuilder(plain())
                .setVersion(300)
                .setParent(299L)
                .setExperts(List.of(expert))
                .setRecipe(recipe)
                .setCause(Cause.newBuilder()
                        .setChange(Change.ROLLED_BACK)
                        .setBackTo(7L)
                        .setPosition(new Position("koine.experts", 3, 1L << 40, TIME))
                        .build())
                .setScale(0.2)
                .setScalesDigest("sha256:" + "04".repeat(32))
                .setGate(gate)
                .setUpdateShare(0.99)
                .setCheckpointDigest("sha256:" + "05".repeat(32))
                .setWeightMapDigest("sha256:" + "06".repeat(32))
                .setBase(new dev.koine.schemas.Bundle(
                        "file:///store/bundles/base/",
                        List.of(new dev.koine.schemas.BundleFile("model.onnx", 1L << 33, "08".repeat(32)))))
                .build();
    }
}
