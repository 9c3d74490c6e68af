package dev.koine.speech.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.InputStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The numbers of jiwer and sacreBLEU on a committed sample; {@code eval/koine_eval/reference_scores.py} writes it. */
class ReferenceScoresTest {
    private static final Offset<Double> EXACTLY = within(1e-9);
    private static JsonNode sample;

    @BeforeAll
    static void readSample() throws Exception {
        try (InputStream in = ReferenceScoresTest.class.getResourceAsStream("scores.json")) {
            sample = new JsonMapper().readTree(in);
        }
        assertThat(sample.get("pairs")).hasSizeGreaterThanOrEqualTo(60);
    }

    @Test
    void errorRatesAreThoseOfJiwer() {
        ErrorRate words = ErrorRate.NONE;
        ErrorRate characters = ErrorRate.NONE;
        for (JsonNode pair : sample.get("pairs")) {
            String reference = pair.get("reference").textValue();
            String text = pair.get("text").textValue();
            ErrorRate w = ErrorRate.words(reference, text);
            ErrorRate c = ErrorRate.characters(reference, text);
            assertThat(w.rate())
                    .as("words of '%s' and '%s'", reference, text)
                    .isEqualTo(pair.get("wer").doubleValue(), EXACTLY);
            assertThat(c.rate())
                    .as("characters of '%s' and '%s'", reference, text)
                    .isEqualTo(pair.get("cer").doubleValue(), EXACTLY);
            words = words.plus(w);
            characters = characters.plus(c);
        }
        assertThat(words.rate()).isEqualTo(sample.get("wer").doubleValue(), EXACTLY);
        assertThat(characters.rate()).isEqualTo(sample.get("cer").doubleValue(), EXACTLY);
    }

    @Test
    void bleuIsThatOfSacreBleu() {
        for (JsonNode corpus : sample.get("bleu")) {
            Bleu counts = Bleu.NONE;
            for (int i = corpus.get("from").intValue(); i < corpus.get("to").intValue(); i++) {
                JsonNode pair = sample.get("pairs").get(i);
                counts = counts.plus(Bleu.of(
                        pair.get("reference").textValue(), pair.get("text").textValue()));
            }
            assertThat(counts.score())
                    .as(corpus.get("name").textValue())
                    .isEqualTo(corpus.get("score").doubleValue(), EXACTLY);
        }
    }
}
