package dev.koine.fuzz;

import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.own.OwnTerm;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.statistics.StatisticsWriter;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.Pruner;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.BundleFile;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.PolicyRule;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.Signature;
import dev.koine.testkit.TrainedForms;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Writes the seeds that are made and not found. Run it again when a format changes; keep the old ones, under other names. */
final class MakeSeeds {
    private static final Bundle BUNDLE = new Bundle(
            "file:///models/de/",
            List.of(new BundleFile("model.onnx", 5L, "ab".repeat(32)), new BundleFile("a/b", 0L, "0".repeat(64))));
    private static final Position POSITION = new Position("t", 0, 1L, Instant.EPOCH);
    private static final Signature SIGNATURE = new Signature("k", ByteBuffer.wrap(new byte[64]));

    private MakeSeeds() {}

    public static void main(String[] args) throws Exception {
        events();
        taskVectors();
        ownTerms();
        statistics();
        evaluationSets();
        trained();
        write(Target.ONNX, "inline", Models.inline(2));
        write(Target.ONNX, "external", Models.external(2, "weights.bin", 128, 144));
        write(Target.ONNX, "outside", Models.external(2, "../outside.bin", 0, 144));
        write(Target.ONNX, "absolute", Models.external(2, "/etc/hostname", 0, 144));
        write(Target.ONNX, "overflow", Models.external(2, "weights.bin", Long.MAX_VALUE - 8, 144));
        write(Target.ONNX, "nested", Models.nested(2, 3));
        write(Target.ONNX, "deep", Models.nested(2, 60));
        text(Target.MANIFEST, "good", "file:///$ALLOWED\nmodel.onnx\t5\t" + "ab".repeat(32));
        text(Target.MANIFEST, "parent", "file://$ALLOWED/..\n../x\t5\t" + "ab".repeat(32));
        text(Target.MANIFEST, "encoded", "file://$ALLOWED/%2e%2e/\na\\b\t5\t" + "ab".repeat(32));
        text(Target.MANIFEST, "host", "file://host/a/\n/abs\t-1\tzz");
        text(Target.MANIFEST, "s3", "s3://bucket/a/\nC:x\t1\t" + "ab".repeat(32));
        text(Target.RULES, "good", "model.onnx:/m0:*\tDENSE\n**\tFROZEN");
        text(Target.RULES, "stars", "**".repeat(12) + "x\tSPARSE");
        text(Target.RULES, "braces", "{a,b,[!x]*}?\tLORS");
        text(
                Target.MODEL_JSON,
                "ctc",
                "{\"architecture\":\"ctc\",\"blank\":0,\"vocabulary\":{\"a\":1},\"sample_rate\":16000}");
        text(
                Target.MODEL_JSON,
                "whisper",
                "{\"decoder_start_token_id\":1,\"eos_token_id\":[2,3],\"lang_to_id\":{\"<|de|>\":4},\"task_to_id\":{\"transcribe\":5},"
                        + "\"suppress_tokens\":[1],\"max_length\":10,\"num_mel_bins\":80}");
        text(Target.MODEL_JSON, "vocabulary", "{\"<unk>\":0,\"a\":1,\"\\u0120b\":2}");
    }

    private static void trained() throws Exception {
        Path work = Work.folder("seeds");
        Path base = Files.createDirectory(work.resolve("base"));
        Files.write(base.resolve("model.onnx"), Models.inline(1));
        Path other = Files.createDirectory(work.resolve("other"));
        Files.write(other.resolve("model.onnx"), Models.inline(2));
        Path file = Path.of("model.safetensors");
        write(
                Target.CHECKPOINT,
                "base",
                Files.readAllBytes(
                        TrainedForms.checkpoint(base, base, work.resolve("a")).resolve(file)));
        write(
                Target.CHECKPOINT,
                "expert",
                Files.readAllBytes(
                        TrainedForms.checkpoint(base, other, work.resolve("b")).resolve(file)));
        Path adapter = TrainedForms.adapter(base, 3, work.resolve("c"));
        write(Target.ADAPTER, "lora", Files.readAllBytes(adapter.resolve("adapter_model.safetensors")));
        write(Target.ADAPTER_CONFIG, "lora", Files.readAllBytes(adapter.resolve("adapter_config.json")));
        text(
                Target.ADAPTER_CONFIG,
                "peft",
                "{\"alpha_pattern\": {\"model.0\": 3, \"(m|o)+d.*\": 5}, \"auto_mapping\": null, \"base_model_name_or_path\": \"a/b\","
                        + " \"bias\": \"lora_only\", \"eva_config\": null, \"fan_in_fan_out\": true, \"init_lora_weights\": true,"
                        + " \"lora_alpha\": 16, \"lora_dropout\": 0.0, \"modules_to_save\": [\"x\"], \"peft_type\": \"LORA\", \"r\": 2,"
                        + " \"rank_pattern\": {}, \"target_modules\": [\"q_proj\"], \"use_dora\": false, \"use_rslora\": true}");
        text(Target.ADAPTER_CONFIG, "dora", "{\"peft_type\": \"LORA\", \"lora_alpha\": 2, \"use_dora\": true}");
        text(
                Target.ADAPTER_CONFIG,
                "endless",
                "{\"peft_type\": \"LORA\", \"lora_alpha\": 2, \"alpha_pattern\": {\"((.*)*)*!\": 2}}");
        String shard = "\"model-00001-of-00001.safetensors\"";
        text(
                Target.SHARD_INDEX,
                "good",
                "{\"metadata\": {\"total_size\": 312}, \"weight_map\": {\"model.a.weight\": " + shard
                        + ", \"model.b\": " + shard + ", \"model.c.weight\": " + shard + "}}");
        text(Target.SHARD_INDEX, "outside", "{\"weight_map\": {\"model.a.weight\": \"../a.safetensors\"}}");
        text(Target.SHARD_INDEX, "missing", "{\"weight_map\": {\"model.a.weight\": \"a.safetensors\"}}");
    }

    private static void evaluationSets() throws IOException {
        String header =
                "{\"r1\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[0,12]},\"r2\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[12,16]}}";
        String references = "{\"id\": \"r1\", \"language\": \"de\", \"task\": \"transcribe\", \"text\": \"eins\"}\n"
                + "{\"id\": \"r2\", \"language\": \"pt-BR\", \"task\": \"translate\", \"text\": \"\\u00e9\"}\n";
        write(Target.EVALUATION_SET, "good", evaluationSet(references, header));
        write(Target.EVALUATION_SET, "shape", evaluationSet(references, header.replace("[2,3]", "[-2,-3]")));
        write(Target.EVALUATION_SET, "unknown", evaluationSet(references.replace("r1", "r3"), header));
    }

    private static byte[] evaluationSet(String references, String header) throws IOException {
        byte[] lines = references.getBytes(StandardCharsets.UTF_8);
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(lines.length >> 8);
        bytes.write(lines.length);
        bytes.write(lines);
        bytes.write(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .array());
        bytes.write(json);
        bytes.write(new byte[16]);
        return bytes.toByteArray();
    }

    private static void taskVectors() throws Exception {
        for (Policy policy : Policy.values()) {
            taskVector(policy.name(), policy, Precision.values()[policy.ordinal() % 2]);
        }
        taskVector("TRANSPOSED", Policy.DENSE, Precision.FLOAT16, "model.onnx/w", "/model.onnx/v");
        for (Precision precision : List.of(Precision.INT8, Precision.INT4)) {
            taskVector(precision.name(), Policy.LORS, precision);
            taskVector(precision + "-DENSE", Policy.DENSE, precision);
        }
    }

    private static void ownTerms() throws Exception {
        String base = "sha256:" + "ab".repeat(32);
        for (Precision precision : Precision.values()) {
            Path file = Work.folder("own-term-seed").resolve("term");
            List<TaskVectorFile.Block> blocks = List.of(
                    block("model.onnx/w", Policy.LOW_RANK, precision), block("model.onnx/v", Policy.DENSE, precision));
            OwnTerm.write(file, blocks, base);
            write(Target.OWN_TERM, precision.name(), Files.readAllBytes(file));
        }
        String head =
                "{\"version\": 1, \"form\": \"CALL\", \"input\": \"language\", \"rank\": 16, \"rows\": 3, \"base\": \""
                        + base + "\", \"languages\": [";
        String language = "{\"language\": \"cs\", \"row\": 1, \"term\": \"" + base + "\"}";
        text(Target.LANGUAGE_TABLE, "none", head + "]}");
        text(Target.LANGUAGE_TABLE, "one", head + language + "]}");
        text(Target.LANGUAGE_TABLE, "twice", head + language + ", " + language + "]}");
        text(Target.LANGUAGE_TABLE, "null", head + "null]}");
    }

    private static TaskVectorFile.Block block(String weight, Policy policy, Precision precision) throws Exception {
        float[] delta = new float[12 * 9];
        for (int i = 0; i < delta.length; i++) {
            delta[i] = (float) Math.sin(i * i);
        }
        PrunedBlock values = new Pruner(2, 0, precision, Lanczos::truncate).prune(delta, 12, 9, policy);
        return new TaskVectorFile.Block(List.of(weight), 0, values);
    }

    private static void statistics() throws IOException {
        LayerInput plain = new LayerInput("model.onnx/x", 3, List.of());
        LayerInput wide = new LayerInput("model.onnx/y:conv(3;1;1,1;1)", 7, List.of());
        LayerInput single = new LayerInput("model.onnx/z", 1, List.of());
        StatisticsWriter writer =
                new StatisticsWriter(2).about(new Statistics.About("sha256:" + "ab".repeat(32), "pt-BR", 24, 36_000));
        writer.add(plain, new double[] {4, 2, 2, -1, 0.5, 1});
        statistics("ONE", writer);
        statistics("SEVERAL", writer.add(wide, new double[wide.packedSize()]).add(single, new double[] {9}));
    }

    private static void statistics(String name, StatisticsWriter writer) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.writeTo(out);
        write(Target.STATISTICS, name, out.toByteArray());
    }

    private static void taskVector(String name, Policy policy, Precision precision) throws Exception {
        taskVector(name, policy, precision, "model.onnx/w");
    }

    private static void taskVector(String name, Policy policy, Precision precision, String... weights)
            throws Exception {
        Random random = new Random(3);
        float[] delta = new float[12 * 9];
        for (int i = 0; i < delta.length; i++) {
            delta[i] = (float) random.nextGaussian();
        }
        PrunedBlock block = new Pruner(2, 0.2, precision, Lanczos::truncate).prune(delta, 12, 9, policy);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TaskVectorFile.write(out, List.of(new TaskVectorFile.Block(List.of(weights), 0, block)), Map.of("a", "b"));
        write(Target.TASK_VECTOR, name, out.toByteArray());
        write(Target.SAFETENSORS, name, out.toByteArray());
    }

    private static void events() throws IOException {
        ExpertEvent expert = ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId("m")
                .setExpertId("de")
                .setRevision(2)
                .setLanguages(List.of("de"))
                .setTasks(List.of("TRANSCRIBE"))
                .setWeight(0.5)
                .setBundle(BUNDLE)
                .setTime(Instant.EPOCH)
                .setSignature(SIGNATURE)
                .build();
        event(0, "merge", EventCodec.of(ExpertEvent.class).encode(expert));
        event(
                0,
                "rollback",
                EventCodec.of(ExpertEvent.class)
                        .encode(ExpertEvent.newBuilder(expert)
                                .setAction(ExpertAction.ROLLBACK)
                                .setBundle(null)
                                .setBackTo(1L)
                                .build()));
        Recipe recipe = Recipe.newBuilder()
                .setRules(List.of(new PolicyRule("**", "DENSE")))
                .build();
        ModelRegistration registration = ModelRegistration.newBuilder()
                .setModelId("m")
                .setBase(BUNDLE)
                .setRecipe(recipe)
                .setTime(Instant.EPOCH)
                .build();
        event(1, "registration", EventCodec.of(ModelRegistration.class).encode(registration));
        ModelUpdate update = ModelUpdate.newBuilder()
                .setModelId("m")
                .setVersion(1)
                .setParent(0L)
                .setDigest("sha256:" + "ab".repeat(32))
                .setBundle(BUNDLE)
                .setExperts(List.of())
                .setRecipe(recipe)
                .setCause(Cause.newBuilder()
                        .setChange(Change.MERGED)
                        .setExpertId("de")
                        .setPosition(POSITION)
                        .build())
                .setTime(Instant.EPOCH)
                .build();
        event(2, "update", EventCodec.of(ModelUpdate.class).encode(update));
        Rejection rejection = Rejection.newBuilder()
                .setPosition(POSITION)
                .setStage("DECODE")
                .setCode("UNDECODABLE")
                .setMessage("no")
                .setTime(Instant.EPOCH)
                .build();
        event(3, "rejection", EventCodec.of(Rejection.class).encode(rejection));
    }

    private static void event(int topic, String name, byte[] value) throws IOException {
        byte[] seed = new byte[value.length + 1];
        seed[0] = (byte) topic;
        System.arraycopy(value, 0, seed, 1, value.length);
        write(Target.EVENT, name, seed);
    }

    private static void text(Target target, String name, String text) throws IOException {
        write(target, name, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void write(Target target, String name, byte[] seed) throws IOException {
        Files.createDirectories(target.seeds());
        Path file = target.seeds().resolve(name);
        Files.write(file, seed);
    }
}
