package dev.koine.lifecycle.head;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.schemas.EventCodec;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PiecesTest {
    @Test
    void keepsDigestsInTheOrderOfTheirIndexesHoweverTheyCome() {
        PieceSet set = Pieces.NONE;
        for (int index : new int[] {2, 0, 1}) {
            set = Pieces.with(set, piece(index));
        }
        assertThat(set.getReceived()).isEqualTo(3);
        assertThat(set.getRefused()).isNull();
        assertThat(Pieces.digests(set)).isEqualTo(List.of(digest(0), digest(1), digest(2)));
        assertThat(Pieces.NONE.getReceived()).isZero();
    }

    @Test
    void keepsTheFirstRefusalByIndex() {
        PieceSet set = Pieces.NONE;
        for (PrunedPiece piece : List.of(refusal(3), piece(0), refusal(1), refusal(2))) {
            set = Pieces.with(set, piece);
        }
        assertThat(set.getReceived()).isEqualTo(4);
        assertThat(set.getRefused().getIndex()).isEqualTo(1);
    }

    @Test
    void staysSmallForAThousandPieces() {
        PieceSet set = IntStream.range(0, 1000)
                .mapToObj(PiecesTest::piece)
                .reduce(Pieces.NONE, Pieces::with, (first, second) -> second);
        assertThat(EventCodec.of(PieceSet.class).encode(set)).hasSizeLessThan(33_000);
    }

    private static PrunedPiece piece(int index) {
        return new PrunedPiece("de", 1L, index, digest(index), null, null);
    }

    private static PrunedPiece refusal(int index) {
        return new PrunedPiece("de", 1L, index, null, "NON_FINITE", "no");
    }

    private static String digest(int index) {
        return "sha256:" + String.format("%064x", index + 1);
    }
}
