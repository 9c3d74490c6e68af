package dev.koine.cli.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.schemas.CombineTerm;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CombinationTest {
    @Test
    void readsSums() {
        assertThat(Combination.parse("pt=0.7*es+0.3*ca"))
                .isEqualTo(new Combination("pt", List.of(new CombineTerm("es", 0.7), new CombineTerm("ca", 0.3))));
        assertThat(Combination.parse(" pt = es+ca ").terms())
                .containsExactly(new CombineTerm("es", 1.0), new CombineTerm("ca", 1.0));
        assertThat(Combination.parse("pt=-es +1e-3 * ca - .5*medical-de").terms())
                .containsExactly(
                        new CombineTerm("es", -1.0), new CombineTerm("ca", 1e-3), new CombineTerm("medical-de", -0.5));
    }

    @Test
    void aHyphenWithoutASpaceBelongsToTheName() {
        assertThat(Combination.parse("pt=es-ca").terms()).containsExactly(new CombineTerm("es-ca", 1.0));
        assertThat(Combination.parse("pt=es -ca").terms())
                .containsExactly(new CombineTerm("es", 1.0), new CombineTerm("ca", -1.0));
        assertThatThrownBy(() -> Combination.parse("pt=es-0.3*ca"))
                .hasMessageContainingAll("'*ca' is not understood", "space before a minus");
    }

    @Test
    void namesMayBeginWithDigits() {
        assertThat(Combination.parse("x=2*4th+4th.b").terms())
                .containsExactly(new CombineTerm("4th", 2.0), new CombineTerm("4th.b", 1.0));
    }

    @ParameterizedTest
    @CsvSource({
        "'0.7*es+0.3*ca', begin with the new expert's name",
        "'pt=', is not understood",
        "'pt=es+', '+' is not understood",
        "'pt=es ca', 'ca' is not understood",
        "'pt=x*es', is not understood",
        "'pt=1.2.3*es', is not understood",
        "'pt=0*es', the factor 0",
        "'pt=1e999*es', the factor 1e999",
        "'pt=es+2*es', es twice",
        "'pt=es+pt', from itself",
        "'p t=es', begin with",
        "'pt=é', is not understood"
    })
    void saysWhereItStopsBeingASum(String text, String message) {
        assertThatThrownBy(() -> Combination.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pt=+++", "pt=\n", "pt=*es", "=es", "", "pt"})
    void refusesTheRest(String text) {
        assertThatThrownBy(() -> Combination.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
