package dev.koine.engine.taskvector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.linalg.LowRank;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PrunedBlockTest {

    @Property(tries = 300)
    void everyWayOfCuttingReadsGivesTheSameBits(@ForAll long seed) {
        Random random = new Random(seed);
        PrunedBlock block = Blocks.random(random);
        float[] whole = PrunerTest.read(block);
        float[] pieces = new float[block.numel() + 3];
        for (int from = 0; from < block.numel(); ) {
            int count = Math.min(block.numel() - from, random.nextInt(1 + random.nextInt(2 * block.numel())));
            block.read(from, count, pieces, from + 3);
            from += count;
        }
        for (int i = 0; i < whole.length; i++) {
            assertThat(Float.floatToRawIntBits(pieces[i + 3])).isEqualTo(Float.floatToRawIntBits(whole[i]));
        }
    }

    @Property(tries = 300)
    void readsWhatTheDefinitionSays(@ForAll long seed) {
        PrunedBlock block = Blocks.random(new Random(seed));
        if (block instanceof LorsBlock lors) {
            float[] whole = PrunerTest.read(block);
            LowRank low = lors.lowRank();
            int next = 0;
            for (int i = 0; i < whole.length; i++) {
                float sum = 0;
                for (int k = 0; k < low.rank(); k++) {
                    float product = low.u()[i / low.columns() * low.rank() + k]
                            * low.v()[k * low.columns() + i % low.columns()];
                    sum = k == 0 ? product : sum + product;
                }
                if (lors.keep() > 0 && (lors.mask()[i / 64] >>> (i % 64) & 1) == 1) {
                    sum += lors.values()[next++];
                }
                assertThat(Float.floatToRawIntBits(whole[i])).isEqualTo(Float.floatToRawIntBits(sum));
            }
        }
    }

    @Test
    void findsItsPlaceInALongSparsePart() {
        float[] delta = new float[20_000];
        Random random = new Random(2);
        for (int i = 0; i < delta.length; i++) {
            delta[i] = random.nextFloat() + 0.1f;
        }
        PrunedBlock block = Blocks.prune(delta, 100, 200, Policy.SPARSE, 0, 0.3, Precision.FLOAT32);
        float[] whole = PrunerTest.read(block);
        float[] one = new float[1];
        for (int i = 0; i < delta.length; i += 7) {
            block.read(i, 1, one, 0);
            assertThat(one[0]).isEqualTo(whole[i]);
        }
    }

    @Test
    void refusesToReadBeyondItsEnd() {
        for (Policy policy : Policy.values()) {
            PrunedBlock block = Blocks.prune(new float[] {1, 2, 3, 4}, 2, 2, policy, 1, 0.5, Precision.FLOAT32);
            assertThatThrownBy(() -> block.read(3, 2, new float[9], 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> block.read(0, 4, new float[3], 0)).isInstanceOf(IndexOutOfBoundsException.class);
            block.read(4, 0, new float[0], 0);
        }
    }
}
