package dev.koine.engine.statistics;

import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.WeightPlaces;
import dev.koine.engine.onnx.wiring.Products;
import dev.koine.engine.onnx.wiring.Products.Product;
import dev.koine.engine.onnx.wiring.Window;
import dev.koine.engine.onnx.wiring.Wiring;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the {@link LayerInput layer inputs} of a base. A weight belongs to one if everything that its bytes are used for in the first file that multiplies
 * them in its outermost graph is products with one and the same activation; other files that hold it, such as further decoders of an
 * encoder-decoder model, are the same layer again.
 *
 * <p>Left out are weights that are used otherwise: in a subgraph, with several activations, by convolutions of several groups; and the projection to a
 * vocabulary whose embedding has its shape, since both may be one.
 */
public final class LayerInputs {
    private final ModelBundle base;
    private final Map<String, Products> products = new HashMap<>();
    private final Map<String, Value> values = new HashMap<>();
    private final Map<Source, List<Layer>> layers = new LinkedHashMap<>();

    private LayerInputs(ModelBundle base) {
        this.base = base;
        for (Wiring wiring : base.wirings()) {
            products.put(wiring.model().path(), Products.of(wiring));
        }
        base.weightsByValue().forEach((value, weight) -> values.put(weight.key(), value));
    }

    /**
     * The layer inputs in the order of their first weights; no weight is in two.
     *
     * @throws IOException if a tensor cannot be read
     */
    public static List<LayerInput> of(ModelBundle base) throws IOException {
        return activations(base).stream().map(Activation::input).toList();
    }

    /** The same with the places where the base computes them. */
    public static List<Activation> activations(ModelBundle base) throws IOException {
        return new LayerInputs(base).find();
    }

    private record Source(String file, String value, Optional<Window> window) {
        Activation with(List<Layer> layers) {
            int size = Math.toIntExact(size(layers.get(0)));
            String key =
                    file + "/" + value + window.map(found -> ":" + found.text()).orElse("");
            return new Activation(new LayerInput(key, size, layers), file, value, window);
        }
    }

    /** A weight's place in its group. */
    private record Place(Weight weight, boolean isTransposed) {}

    private List<Activation> find() throws IOException {
        for (WeightPlaces weight : WeightPlaces.of(base)) {
            add(weight);
        }
        List<Activation> found = new ArrayList<>();
        Set<String> keys = new HashSet<>();
        for (Map.Entry<Source, List<Layer>> input : layers.entrySet()) {
            boolean isOfOneSize = input.getValue().stream()
                            .mapToLong(LayerInputs::size)
                            .distinct()
                            .count()
                    == 1;
            Activation activation = isOfOneSize ? input.getKey().with(input.getValue()) : null;
            if (activation != null && keys.add(activation.input().key())) {
                found.add(activation);
            }
        }
        return found;
    }

    private void add(WeightPlaces weight) {
        SortedMap<String, List<Place>> byFile = new TreeMap<>();
        weight.places().forEach(place -> at(byFile, place).add(new Place(place, false)));
        weight.transposed().forEach(place -> at(byFile, place).add(new Place(place, true)));
        Source source = null;
        Product first = null;
        for (Map.Entry<String, List<Place>> file : byFile.entrySet()) {
            Product found = product(Objects.requireNonNull(products.get(file.getKey())), file.getValue());
            if (found != null && first != null && found.isOutputFirst() != first.isOutputFirst()) {
                return;
            }
            if (found != null && first == null) {
                first = found;
                source = new Source(file.getKey(), found.input().name(), Optional.ofNullable(found.window()));
            }
        }
        if (source == null || first == null || !isAdapted(weight)) {
            return;
        }
        List<Layer> added = layers.computeIfAbsent(source, key -> new ArrayList<>());
        for (Weight place : weight.places()) {
            added.add(new Layer(place, first.isOutputFirst()));
        }
        for (Weight place : weight.transposed()) {
            added.add(new Layer(place, !first.isOutputFirst()));
        }
    }

    private List<Place> at(Map<String, List<Place>> byFile, Weight weight) {
        return byFile.computeIfAbsent(file(weight.key()), file -> new ArrayList<>());
    }

    /** The file that a key begins with; names of tensors may have slashes, too. */
    private String file(String key) {
        for (int end = key.indexOf('/'); end >= 0; end = key.indexOf('/', end + 1)) {
            if (products.containsKey(key.substring(0, end))) {
                return key.substring(0, end);
            }
        }
        throw new IllegalStateException("The weight " + key + " is in no file of its bundle.");
    }

    /** The product that all places of a file are used for, as the group's matrix has it; null if there is no such. */
    private @Nullable Product product(Products file, List<Place> places) {
        Product common = null;
        for (Place place : places) {
            Value value = values.get(place.weight().key());
            List<Product> found = value == null ? List.of() : file.of(value);
            if (found.isEmpty()) {
                return null;
            }
            for (Product product : found) {
                Product of =
                        new Product(product.input(), product.isOutputFirst() != place.isTransposed(), product.window());
                if (common != null && !common.equals(of)) {
                    return null;
                }
                common = of;
            }
        }
        return common;
    }

    private boolean isAdapted(WeightPlaces weight) {
        Weight first = weight.places().get(0);
        List<Long> shape = first.tensor().shape();
        if (size(new Layer(first, shape.size() > 2)) > LayerInput.LARGEST
                || (shape.size() == 2 && shape.get(0) > LayerInput.LARGEST)) {
            return false;
        }
        List<Weight> all = new ArrayList<>(weight.places());
        all.addAll(weight.transposed());
        return all.stream().allMatch(place -> switch (place.role()) {
            case LINEAR -> true;
            case VOCABULARY_PROJECTION -> !hasTable(place.tensor().shape());
            case OTHER -> shape.size() > 2;
            default -> false;
        });
    }

    private boolean hasTable(List<Long> shape) {
        List<Long> turned = List.of(shape.get(1), shape.get(0));
        return base.weights().stream()
                .filter(weight -> weight.role() == WeightRole.EMBEDDING)
                .map(weight -> weight.tensor().shape())
                .anyMatch(table -> table.equals(shape) || table.equals(turned));
    }

    private static long size(Layer layer) {
        List<Long> shape = layer.weight().tensor().shape();
        return layer.isOutputFirst() ? shape.stream().skip(1).reduce(1L, Math::multiplyExact) : shape.get(0);
    }
}
