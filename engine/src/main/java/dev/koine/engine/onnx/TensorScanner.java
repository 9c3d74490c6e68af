package dev.koine.engine.onnx;

import dev.koine.engine.RejectedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads {@code TensorProto} messages of one model file: where the elements lie, not what they are. */
final class TensorScanner {
    /** Floats stored in a form that has no range of bytes are tolerated as constants up to this many. */
    private static final int FEW_ELEMENTS = 16;

    private static final int MOST_DIMENSIONS = 32;
    private static final int ENTRY_COST = 200;
    private static final int FLOAT_DATA = 4;
    private static final int RAW_DATA = 9;

    private final WireSource source;
    private final Path directory;
    private final String model;
    private final Path file;
    private final Map<String, Path> external = new HashMap<>();

    TensorScanner(WireSource source, Path directory, String model) {
        this.source = source;
        this.directory = directory;
        this.model = model;
        this.file = directory.resolve(model);
    }

    StoredTensor scan(WireMessage message) throws RejectedException, IOException {
        source.spend(ENTRY_COST);
        String name = "";
        long type = 0;
        List<Long> shape = new ArrayList<>();
        Data data = new Data();
        boolean isExternal = false;
        Map<String, String> entries = new HashMap<>();
        while (message.next()) {
            switch (message.field()) {
                case 1 ->
                    message.numbers(dimension -> {
                        if (dimension < 0 || shape.size() == MOST_DIMENSIONS) {
                            throw message.broken("a tensor has a negative dimension or more than " + MOST_DIMENSIONS);
                        }
                        shape.add(dimension);
                    });
                case 2 -> type = message.number();
                case 3 -> throw message.broken("a tensor is stored in segments; save the model again with raw data");
                case 4, 5, 6, 7, 9, 10, 11 -> data.add(message);
                case 8 -> name = message.text();
                case 13 -> entry(message.message(), entries);
                case 14 -> isExternal = message.number() == 1;
                default -> {}
            }
        }
        ElementType elementType = ElementType.ofOnnxCode((int) type);
        String what = "tensor '" + Quote.of(name) + "' " + elementType + shape;
        long numel = numel(shape, what);
        int onnxType = (int) type;
        if (isExternal) {
            if (data.fields > 0) {
                throw source.broken(what + " is stored both in the file and outside");
            }
            return external(
                    name, onnxType, elementType, shape, multiply(numel, elementType.bytes(), what), entries, what);
        }
        if (data.isRange(elementType)) {
            long expected = multiply(numel, elementType.bytes(), what);
            if (elementType.bytes() > 0 && data.length != expected) {
                throw source.broken(what + " holds " + data.length + " bytes instead of " + expected);
            }
            return new StoredTensor(
                    new TensorInfo(name, elementType, shape, file, data.start, data.length),
                    onnxType,
                    Optional.empty());
        }
        if (data.fields == 0 && elementType.bytes() > 0) {
            if (numel != 0) {
                throw source.broken(what + " has no data");
            }
            return new StoredTensor(new TensorInfo(name, elementType, shape, file, 0, 0), onnxType, Optional.empty());
        }
        if (elementType.isMergeable() && numel > FEW_ELEMENTS) {
            throw source.broken(what + " is stored number by number, not as raw data; save the model again with"
                    + " onnx.numpy_helper.from_array or as external data");
        }
        TensorInfo info = new TensorInfo(name, elementType, shape, file, 0, 0);
        return new StoredTensor(info, onnxType, Optional.of(data.digest()));
    }

    private StoredTensor external(
            String name,
            int onnxType,
            ElementType type,
            List<Long> shape,
            long bytes,
            Map<String, String> entries,
            String what)
            throws RejectedException, IOException {
        String location = entries.get("location");
        if (location == null) {
            throw source.broken(what + " is stored outside the file, but has no location");
        }
        long offset = number(entries, "offset", 0, what);
        long length = number(entries, "length", bytes, what);
        if (type.bytes() > 0 && length != bytes) {
            throw source.broken(what + " has " + length + " bytes outside the file instead of " + bytes);
        }
        if (type == ElementType.STRING) {
            throw source.broken(what + " holds strings outside the file");
        }
        Path place = external.get(location);
        if (place == null) {
            place = BundleFiles.resolve(directory, model, location);
            external.put(location, place);
        }
        long size = Files.size(place);
        if (offset > size || length > size - offset) {
            throw source.broken(what + " ends " + (length > size ? "far " : "") + "past the end of '"
                    + Quote.of(location) + "', which has " + size + " bytes");
        }
        return new StoredTensor(new TensorInfo(name, type, shape, place, offset, length), onnxType, Optional.empty());
    }

    private long number(Map<String, String> entries, String key, long missing, String what) throws RejectedException {
        String text = entries.get(key);
        if (text == null) {
            return missing;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Falls through to the one refusal.
        }
        throw source.broken(what + " has the " + key + " '" + Quote.of(text) + "' outside the file");
    }

    private static void entry(WireMessage message, Map<String, String> entries) throws RejectedException, IOException {
        Map.Entry<String, String> entry = message.entry();
        if (entries.put(entry.getKey(), entry.getValue()) != null) {
            throw message.broken("external data has the key '" + Quote.of(entry.getKey()) + "' twice");
        }
    }

    private long numel(List<Long> shape, String what) throws RejectedException {
        long product = 1;
        for (long dimension : shape) {
            product = multiply(product, dimension, what);
        }
        return product;
    }

    private long multiply(long a, long b, String what) throws RejectedException {
        long high = Math.multiplyHigh(a, b);
        long low = a * b;
        if (high != 0 || low < 0) {
            throw source.broken(what + " has more elements than any file");
        }
        return low;
    }

    /** The data fields of one tensor: one range of bytes, or a digest of whatever else is there. */
    private static final class Data {
        private final MessageDigest digest = CanonicalText.sha256();
        private int fields;
        private int onlyField;
        private boolean isPacked;
        private long start;
        private long length;
        private WireMessage.@Nullable Payload first;

        void add(WireMessage message) throws RejectedException, IOException {
            if (fields > 0) {
                digestFirst();
            }
            fields++;
            onlyField = message.field();
            isPacked = message.isLengthDelimited();
            if (fields > 1 && onlyField == RAW_DATA) {
                throw message.broken("a tensor has raw data and other data");
            }
            if (isPacked) {
                start = message.start();
                length = message.length();
            }
            if (fields == 1 && isPacked) {
                first = message.payload();
            } else {
                digest.update(ByteBuffer.allocate(4).putInt(0, onlyField));
                message.digest(digest);
            }
        }

        /** The digest of all fields, read only now if there is but one, since that one may turn out to be a range. */
        String digest() throws IOException {
            digestFirst();
            return HexFormat.of().formatHex(digest.digest());
        }

        private void digestFirst() throws IOException {
            if (first != null) {
                digest.update(ByteBuffer.allocate(4).putInt(0, onlyField));
                first.digest(digest);
                first = null;
            }
        }

        /** Raw data of any type, or float32 values packed into one field, which are the same bytes. */
        boolean isRange(ElementType type) {
            return fields == 1
                    && isPacked
                    && (onlyField == RAW_DATA || (onlyField == FLOAT_DATA && type == ElementType.FLOAT));
        }
    }
}
