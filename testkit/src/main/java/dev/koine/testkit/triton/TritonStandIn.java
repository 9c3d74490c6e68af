package dev.koine.testkit.triton;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.RawTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Stands in for a Triton server in EXPLICIT mode, which is not to be had where tests run. It is written from Triton's documents (Model Repository, Model
 * Configuration, Model Management, the protocol's extensions for the model repository and binary data) and takes nothing that they do not say. A load
 * reads the folder and lets go of the version before once the new one is loaded; one that fails leaves what is loaded.
 */
public final class TritonStandIn implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String LENGTH = "Inference-Header-Content-Length";
    private static final Pattern CONTROL = Pattern.compile("/v2/repository/models/([A-Za-z0-9._-]+)/(load|unload)");
    private static final Pattern MODEL =
            Pattern.compile("/v2/models/([A-Za-z0-9._-]+)/versions/([1-9][0-9]*)/(ready|infer)");
    private static final Map<String, ElementType> TYPES = Map.of(
            "FP32", ElementType.FLOAT,
            "FP16", ElementType.FLOAT16,
            "FP64", ElementType.DOUBLE,
            "INT64", ElementType.INT64,
            "INT32", ElementType.INT32,
            "BOOL", ElementType.BOOL);

    private final Path repository;
    private final Path memory;
    private final Inference inference;
    private final HttpServer server;
    private final Map<String, LoadedVersion> loaded = new TreeMap<>();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private volatile Trouble trouble = (what, model, version) -> false;

    /** How a model is run. */
    @FunctionalInterface
    public interface Inference {
        List<RawTensor> run(Path onnxFile, List<RawTensor> inputs) throws Exception;
    }

    /** Whether something goes wrong. */
    @FunctionalInterface
    public interface Trouble {
        /** @param what {@code load}, {@code ready}, {@code infer}, or {@code nonsense} for an answer of other numbers */
        boolean strikes(String what, String model, long version);
    }

    private TritonStandIn(Path repository, Path memory, Inference inference) throws IOException {
        this.repository = repository;
        this.memory = memory;
        this.inference = inference;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
    }

    /**
     * Starts it at a free port of this machine, with nothing loaded.
     *
     * @param memory an empty folder, for what is loaded
     */
    public static TritonStandIn start(Path repository, Path memory, Inference inference) throws IOException {
        TritonStandIn triton = new TritonStandIn(repository, memory, inference);
        triton.server.start();
        return triton;
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** What goes wrong from now on. */
    public void trouble(Trouble next) {
        this.trouble = next;
    }

    /** What is loaded, as {@code <model>/<version>}, sorted. */
    public synchronized List<String> loaded() {
        return loaded.entrySet().stream()
                .map(entry -> entry.getKey() + "/" + entry.getValue().version())
                .toList();
    }

    /** What it was asked to do, as {@code load <model>}, {@code unload <model>} and {@code infer <model>}. */
    public List<String> calls() {
        return List.copyOf(calls);
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            try {
                route(exchange);
            } catch (Exception e) {
                String said = JSON.createObjectNode()
                        .put("error", String.valueOf(e.getMessage()))
                        .toString();
                send(exchange, 400, said.getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private synchronized void route(HttpExchange exchange) throws Exception {
        String path = exchange.getRequestURI().toString();
        byte[] body = exchange.getRequestBody().readAllBytes();
        Matcher control = CONTROL.matcher(path);
        Matcher model = MODEL.matcher(path);
        boolean isPost = exchange.getRequestMethod().equals("POST");
        if (isPost && path.equals("/v2/repository/index")) {
            send(exchange, 200, index(JSON.readTree(body)));
        } else if (isPost && control.matches()) {
            require(body.length == 0 || JSON.readTree(body).isObject(), "the body is no object");
            control(control.group(1), control.group(2));
            send(exchange, 200, new byte[0]);
        } else if (model.matches() && isPost == model.group(3).equals("infer")) {
            LoadedVersion version = version(model.group(1), Long.parseLong(model.group(2)));
            strike(model.group(3), model.group(1), version.version());
            if (isPost) {
                calls.add("infer " + model.group(1));
                infer(exchange, model.group(1), version, body);
            } else {
                send(exchange, 200, new byte[0]);
            }
        } else {
            send(exchange, 404, new byte[0]);
        }
    }

    private void strike(String what, String model, long version) {
        require(!trouble.strikes(what, model, version), "told to fail: " + what + " of " + model + " " + version);
    }

    private LoadedVersion version(String model, long version) {
        return Optional.ofNullable(loaded.get(model))
                .filter(found -> found.version() == version)
                .orElseThrow(() -> new IllegalArgumentException(
                        "Request for unknown model: '" + model + "' version " + version + " is not found"));
    }

    private byte[] index(JsonNode request) throws IOException {
        require(request.isObject(), "the body is no object");
        ArrayNode entries = JSON.createArrayNode();
        try (Stream<Path> listed = Files.list(repository)) {
            for (Path directory : (Iterable<Path>) listed.sorted()::iterator) {
                String name = directory.getFileName().toString();
                ObjectNode entry = entries.addObject().put("name", name);
                LoadedVersion version = loaded.get(name);
                if (version != null) {
                    entry.put("version", String.valueOf(version.version()))
                            .put("state", "READY")
                            .put("reason", "");
                }
            }
        }
        return entries.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void control(String model, String what) throws IOException {
        calls.add(what + " " + model);
        if (what.equals("unload")) {
            require(loaded.remove(model) != null, "Model to be unloaded has not been served");
            return;
        }
        requireWholeModels();
        Path directory = repository.resolve(model);
        require(Files.isDirectory(directory), "failed to poll from model repository: there is no " + model);
        LoadedVersion version =
                LoadedVersion.load(directory, memory.resolve(UUID.randomUUID().toString()));
        strike("load", model, version.version());
        loaded.put(model, version);
    }

    /** A server that starts with all models would take whatever is there. */
    private void requireWholeModels() throws IOException {
        try (Stream<Path> listed = Files.list(repository)) {
            for (Path directory : (Iterable<Path>) listed::iterator) {
                require(
                        Files.isRegularFile(directory.resolve("config.pbtxt")),
                        directory + " is in the repository and no model");
            }
        }
    }

    private void infer(HttpExchange exchange, String model, LoadedVersion version, byte[] body) throws Exception {
        int header = Integer.parseInt(exchange.getRequestHeaders().getFirst(LENGTH));
        JsonNode request = JSON.readTree(body, 0, header);
        require(
                request.path("parameters").path("binary_data_output").asBoolean(false),
                "only binary outputs are given here");
        List<RawTensor> inputs = new ArrayList<>();
        int offset = header;
        for (JsonNode input : request.path("inputs")) {
            int size = input.path("parameters").path("binary_data_size").intValue();
            inputs.add(input(version, input, Arrays.copyOfRange(body, offset, offset + size)));
            offset += size;
        }
        require(offset == body.length, "the body has " + body.length + " bytes, not " + offset);
        require(
                inputs.stream()
                        .map(RawTensor::name)
                        .sorted()
                        .toList()
                        .equals(List.copyOf(version.inputs().keySet())),
                "expected the inputs " + version.inputs().keySet());
        List<RawTensor> outputs = inference.run(version.model(), inputs);
        if (trouble.strikes("nonsense", model, version.version())) {
            outputs = outputs.stream().map(TritonStandIn::nonsense).toList();
        }
        reply(exchange, model, version, outputs);
    }

    private static RawTensor input(LoadedVersion version, JsonNode input, byte[] data) {
        List<Long> shape = new ArrayList<>();
        input.path("shape").forEach(size -> shape.add(size.asLong()));
        String name = input.path("name").asText();
        String type = input.path("datatype").asText();
        LoadedVersion.Shape wanted = Optional.ofNullable(version.inputs().get(name))
                .orElseThrow(() -> new IllegalArgumentException("unexpected inference input '" + name + "'"));
        require(wanted.takes(type, shape), "'" + name + "' is " + type + shape + ", and has to be " + wanted);
        return new RawTensor(name, TYPES.getOrDefault(type, ElementType.OTHER), shape, data);
    }

    private static RawTensor nonsense(RawTensor tensor) {
        byte[] bytes = tensor.bytes().clone();
        Arrays.fill(bytes, (byte) 0x7f);
        return new RawTensor(tensor.name(), tensor.type(), tensor.shape(), bytes);
    }

    private static void reply(HttpExchange exchange, String model, LoadedVersion version, List<RawTensor> outputs)
            throws IOException {
        ObjectNode answer =
                JSON.createObjectNode().put("model_name", model).put("model_version", "" + version.version());
        ArrayNode listed = answer.putArray("outputs");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (RawTensor output : outputs) {
            String type = TYPES.entrySet().stream()
                    .filter(entry -> entry.getValue() == output.type())
                    .findFirst()
                    .orElseThrow()
                    .getKey();
            ObjectNode entry = listed.addObject().put("name", output.name()).put("datatype", type);
            ArrayNode shape = entry.putArray("shape");
            (output.shape().isEmpty() ? List.of(1L) : output.shape()).forEach(shape::add);
            entry.putObject("parameters").put("binary_data_size", output.bytes().length);
        }
        byte[] json = answer.toString().getBytes(StandardCharsets.UTF_8);
        all.writeBytes(json);
        outputs.forEach(output -> all.writeBytes(output.bytes()));
        exchange.getResponseHeaders().add(LENGTH, String.valueOf(json.length));
        send(exchange, 200, all.toByteArray());
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private static void require(boolean isSo, String otherwise) {
        if (!isSo) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
