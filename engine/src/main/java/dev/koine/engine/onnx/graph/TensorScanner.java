package dev.koine.engine.onnx.graph;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.FileKind;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wire.WireMessage;
import dev.koine.engine.onnx.wire.WireSource;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorInfo.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads {@code TensorProto} messages of one model file: where the elements lie, not what they are. */
final class TensorScanner {
    /** Floats stored in a form that has no range of bytes are tolerated as constants up to this many. */
    private static final int FEW_ELEMENTS = 16;

    private static final int MOST_DIMENSIONS = 32;
    private static final int ENTRY_COST = 200;

    private final WireSource source;
    private final Path directory;
    private final String model;
    private final Path file;
    private final boolean isOwn;
    private final Map<String, Path> external = new HashMap<>();
    private final Map<Path, CutOff> cutOff = new TreeMap<>();

    /** @param isOwn whether the bundle is a copy of our own making, whose files may be hard links */
    TensorScanner(WireSource source, Path directory, String model, boolean isOwn) {
        this.source = source;
        this.directory = directory;
        this.model = model;
        this.file = directory.resolve(model);
        this.isOwn = isOwn;
    }

    StoredTensor scan(WireMessage message) throws RejectedException, IOException {
        source.spend(ENTRY_COST);
        String name = "";
        long type = 0;
        List<Long> shape = new ArrayList<>();
        TensorData data = new TensorData();
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
        long bytes = multiply(numel, elementType.bits(), what) / 8 + (numel * elementType.bits() % 8 == 0 ? 0 : 1);
        int onnxType = (int) type;
        if (isExternal) {
            if (!data.isEmpty()) {
                throw source.broken(what + " is stored both in the file and outside");
            }
            return external(name, onnxType, elementType, shape, bytes, entries, what);
        }
        if (data.isRange(elementType)) {
            if (elementType.bits() > 0 && data.length() != bytes) {
                throw source.broken(what + " holds " + data.length() + " bytes instead of " + bytes);
            }
            return new StoredTensor(
                    new TensorInfo(name, elementType, shape, file, data.start(), data.length()),
                    onnxType,
                    Optional.empty());
        }
        if (data.isEmpty() && elementType.bits() > 0) {
            if (numel != 0) {
                throw source.broken(what + " has no data");
            }
            return new StoredTensor(new TensorInfo(name, elementType, shape, file, 0, 0), onnxType, Optional.empty());
        }
        String digest = data.digest(message, elementType, numel, bytes);
        boolean isReadable = data.isVarints(elementType);
        if (elementType.isMergeable() && numel > FEW_ELEMENTS && !isReadable) {
            throw source.broken(
                    what + " is stored number by number in a way that is not supported; save the model again with"
                            + " its tensors made anew by onnx.numpy_helper.from_array");
        }
        TensorInfo info = isReadable
                ? new TensorInfo(name, elementType, shape, file, data.start(), data.length(), Storage.VARINTS)
                : new TensorInfo(name, elementType, shape, file, 0, 0);
        return new StoredTensor(info, onnxType, Optional.of(digest));
    }

    /** Without a length, a tensor has the bytes of its type; one of an unknown type has all there are, which is how ONNX reads it. */
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
        if (type.bits() > 0 && length != bytes) {
            throw source.broken(what + " has " + length + " bytes outside the file instead of " + bytes);
        }
        if (type == ElementType.STRING) {
            throw source.broken(what + " holds strings outside the file");
        }
        Path place = external.get(location);
        if (place == null) {
            place = BundleFiles.resolve(directory, model, location, end(offset, length), isOwn);
            external.put(location, place);
        }
        long size = Files.size(place);
        if (type == ElementType.OTHER && length == 0) {
            length = Math.max(0, size - offset);
        }
        if (offset > size || length > size - offset) {
            cutOff.merge(place, new CutOff(location, size, what, end(offset, length)), CutOff::later);
        }
        return new StoredTensor(new TensorInfo(name, type, shape, place, offset, length), onnxType, Optional.empty());
    }

    /**
     * Requires that the files outside have all bytes of the tensors that were scanned.
     *
     * @throws RejectedException NOT_ONNX, with the number of bytes that a file lacks, or with what stands in its place
     */
    void requireWhole() throws RejectedException {
        for (Map.Entry<Path, CutOff> file : cutOff.entrySet()) {
            CutOff found = file.getValue();
            String which = "External data '" + Quote.of(found.location()) + "' of '" + Quote.of(model) + "'";
            Optional<FileKind> kind = FileKind.of(file.getKey());
            if (kind.isPresent()) {
                throw WireSource.mistaken(which, kind.get());
            }
            throw new RejectedException(
                    RejectionCode.NOT_ONNX,
                    which + " was cut off: " + found.what() + " ends " + (found.end() - found.size())
                            + " bytes past the end of '" + Quote.of(found.location()) + "', which has " + found.size()
                            + " bytes. Copy or download it again.");
        }
    }

    /** A file outside that is too short, and the tensor that ends last in it. */
    private record CutOff(String location, long size, String what, long end) {
        CutOff later(CutOff other) {
            return other.end > end ? other : this;
        }
    }

    private static long end(long offset, long length) {
        return offset > Long.MAX_VALUE - length ? Long.MAX_VALUE : offset + length;
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
}
