package dev.koine.speech;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VocabularyTest {
    @Test
    void joinsCharactersAndDelimiters() {
        Vocabulary vocabulary = Vocabulary.of(Map.of("<pad>", 0, "|", 1, "a", 2, "ß", 3));
        assertThat(vocabulary.characters(List.of(1, 2, 3, 1, 1, 0, 2, 9, 1), "|"))
                .isEqualTo("aß a");
    }

    @Test
    void readsByteLevelTokensOfWhisper() {
        Vocabulary vocabulary = Vocabulary.of(
                Map.of("Ġdrei", 0, "ÃŁ", 1, "ig", 2, "<|endoftext|>", 3, "<|de|>", 4, "Ġ", 5, "ÑĤÑĢÐ¸", 6, "Ċ", 7));
        assertThat(vocabulary.bytes(List.of(4, 0, 1, 2, 5, 6, 3, 99))).isEqualTo("dreißig три");
    }
}
