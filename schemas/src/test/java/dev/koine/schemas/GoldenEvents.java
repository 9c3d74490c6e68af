package dev.koine.schemas;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/**
 * Events of which the bytes are kept under {@code golden/}. Those of v1 were written by commit 42d3131, with this class put into a
 * checkout of it; a release adds a method with the fields that it brought, and a folder with their bytes.
 */
final class GoldenEvents {
    private GoldenEvents() {}

    /** @param args the folder to write the newest version's events to */
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args[0]));
        for (Map.Entry<String, SpecificRecord> event : v1().entrySet()) {
            Files.write(folder.resolve(event.getKey() + ".bin"), encode(event.getValue()));
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends SpecificRecord> byte[] encode(T event) {
        return EventCodec.of((Class<T>) event.getClass()).encode(event);
    }

    static Map<String, SpecificRecord> v1() {
        Bundle bundle = new Bundle(
                "file:///models/whisper-de/",
                List.of(
                        new BundleFile("decoder/model.onnx", 5_000_000_000L, "0123456789abcdef".repeat(4)),
                        new BundleFile("vocabulário.json", 7L, "f".repeat(64))));
        Recipe recipe = Recipe.newBuilder()
                .setRank(5)
                .setDensity(0.125)
                .setScale(0.25)
                .setPrecision("FLOAT16")
                .setRules(List.of(new PolicyRule("**/embed/*", "FROZEN"), new PolicyRule("**", "LORS")))
                .build();
        Instant time = Instant.ofEpochMilli(1_795_000_000_123L);
        Position position = new Position("koine.experts", 3, 1L << 40, time);
        Map<String, SpecificRecord> events = new LinkedHashMap<>();
        events.put(
                "registration",
                ModelRegistration.newBuilder()
                        .setModelId("whisper-small")
                        .setBase(bundle)
                        .setRecipe(recipe)
                        .setTime(time)
                        .build());
        events.put(
                "merge",
                ExpertEvent.newBuilder()
                        .setAction(ExpertAction.MERGE)
                        .setModelId("whisper-small")
                        .setExpertId("medical-de")
                        .setRevision(12)
                        .setLanguages(List.of("de", "gsw", "zh-Hant"))
                        .setTasks(List.of("TRANSCRIBE", "TRANSLATE"))
                        .setWeight(-0.75)
                        .setBundle(bundle)
                        .setTime(time)
                        .build());
        events.put(
                "retract",
                ExpertEvent.newBuilder()
                        .setAction(ExpertAction.RETRACT)
                        .setModelId("whisper-small")
                        .setExpertId("medical-de")
                        .setTime(time)
                        .build());
        events.put(
                "update",
                ModelUpdate.newBuilder()
                        .setModelId("whisper-small")
                        .setVersion(300)
                        .setParent(299L)
                        .setDigest("sha256:" + "ab".repeat(32))
                        .setBundle(bundle)
                        .setExperts(List.of(MergedExpert.newBuilder()
                                .setExpertId("medical-de")
                                .setRevision(12L)
                                .setLanguages(List.of("de"))
                                .setTasks(List.of("TRANSCRIBE"))
                                .setWeight(-0.75)
                                .setBundleDigest("sha256:" + "cd".repeat(32))
                                .setTaskVectorDigest("sha256:" + "ef".repeat(32))
                                .build()))
                        .setRecipe(recipe)
                        .setCause(Cause.newBuilder()
                                .setChange(Change.REPLACED)
                                .setExpertId("medical-de")
                                .setRevision(12L)
                                .setPosition(position)
                                .build())
                        .setTime(time)
                        .build());
        events.put(
                "rejection",
                Rejection.newBuilder()
                        .setModelId("whisper-small")
                        .setExpertId("medical-de")
                        .setPosition(position)
                        .setKey(ByteBuffer.wrap(new byte[] {0, -1, 127}))
                        .setValue(ByteBuffer.wrap(new byte[] {(byte) 0xC3, 1}))
                        .setStage("INTAKE")
                        .setCode("DIGEST_MISMATCH")
                        .setMessage("Größe ≠ 7")
                        .setTime(time)
                        .build());
        return events;
    }
}
