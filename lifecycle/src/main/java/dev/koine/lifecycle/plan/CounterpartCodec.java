package dev.koine.lifecycle.plan;

import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.Factors;
import dev.koine.engine.tensor.Joined;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.flink.state.FactorPlaces;
import dev.koine.flink.state.JoinedPlaces;
import dev.koine.flink.state.PartPlace;
import dev.koine.flink.state.PruneItemMessage;
import dev.koine.flink.state.TensorPlace;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What an expert has in place of a weight, in a stored plan: one tensor, or beside it parts or factors. */
final class CounterpartCodec {
    private CounterpartCodec() {}

    /**
     * The tensor that stands for the expert's.
     *
     * @throws IllegalArgumentException if the expert has nothing there: that is in no plan
     */
    static TensorInfo first(Counterpart expert) {
        if (expert instanceof TensorInfo tensor) {
            return tensor;
        } else if (expert instanceof Joined joined) {
            return joined.tensors().get(0);
        } else if (expert instanceof Factors factors) {
            return factors.left();
        }
        throw new IllegalArgumentException("nothing to prune");
    }

    static @Nullable JoinedPlaces joined(Counterpart expert, Function<TensorInfo, TensorPlace> place) {
        return expert instanceof Joined joined
                ? new JoinedPlaces(
                        joined.shape(),
                        joined.axis(),
                        joined.parts().stream()
                                .map(part -> new PartPlace(place.apply(part.tensor()), part.factor()))
                                .toList())
                : null;
    }

    static @Nullable FactorPlaces factors(Counterpart expert, Function<TensorInfo, TensorPlace> place) {
        return expert instanceof Factors factors
                ? new FactorPlaces(
                        place.apply(factors.left()),
                        place.apply(factors.right()),
                        factors.factor(),
                        factors.isTransposed())
                : null;
    }

    /** The places of all tensors of an item. */
    static List<TensorPlace> places(PruneItemMessage item) {
        List<TensorPlace> places = new ArrayList<>(List.of(item.getBase(), item.getExpert()));
        if (item.getJoined() != null) {
            item.getJoined().getParts().forEach(part -> places.add(part.getTensor()));
        }
        if (item.getFactors() != null) {
            places.add(item.getFactors().getLeft());
            places.add(item.getFactors().getRight());
        }
        return places;
    }

    static Counterpart counterpart(PruneItemMessage item, Function<TensorPlace, TensorInfo> tensor) {
        if (item.getJoined() != null) {
            return new Joined(
                    item.getJoined().getShape(),
                    item.getJoined().getAxis(),
                    item.getJoined().getParts().stream()
                            .map(part -> new Joined.Part(tensor.apply(part.getTensor()), part.getFactor()))
                            .toList());
        }
        if (item.getFactors() != null) {
            FactorPlaces factors = item.getFactors();
            return new Factors(
                    tensor.apply(factors.getLeft()),
                    tensor.apply(factors.getRight()),
                    factors.getFactor(),
                    factors.getIsTransposed());
        }
        return tensor.apply(item.getExpert());
    }
}
