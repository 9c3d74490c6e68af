package dev.koine.cli.option;

import dev.koine.schemas.CombineTerm;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * An expert as a sum of others: {@code pt=0.7*es+0.3*ca}. A factor may be left out and is 1 then. A minus needs a space before it
 * where a name stands there, since names may have hyphens: {@code pt=es - 0.3*ca}.
 *
 * @param expertId the expert that is combined
 */
public record Combination(String expertId, List<CombineTerm> terms) {
    private static final String ID = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}";
    private static final Pattern NAMED = Pattern.compile("\\s*(" + ID + ")\\s*=(.*)", Pattern.DOTALL);
    private static final Pattern TERM = Pattern.compile("\\s*(?<sign>[+-]?)\\s*"
            + "(?:(?<factor>(?:\\d{1,40}(?:\\.\\d{0,40})?|\\.\\d{1,40})(?:[eE][+-]?\\d{1,4})?)\\s*\\*\\s*)?"
            + "(?<id>" + ID + ")\\s*");

    public Combination {
        terms = List.copyOf(terms);
    }

    /**
     * Reads the form above.
     *
     * @throws IllegalArgumentException if it is another; the message says where it stops being one
     */
    public static Combination parse(String text) {
        Matcher named = NAMED.matcher(text);
        if (!named.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' does not begin with the new expert's name; write it like pt=0.7*es+0.3*ca");
        }
        String expertId = named.group(1);
        String sum = named.group(2);
        List<CombineTerm> terms = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        Matcher term = TERM.matcher(sum);
        int at = 0;
        while (at < sum.length() || terms.isEmpty()) {
            term.region(at, sum.length());
            boolean isSeparated =
                    term.lookingAt() && (terms.isEmpty() || !term.group("sign").isEmpty());
            if (!isSeparated) {
                throw new IllegalArgumentException("'" + text + "' is no sum of experts: '" + sum.substring(at)
                        + "' is not understood. Write it like pt=0.7*es+0.3*ca, with a space before a minus");
            }
            String id = term.group("id");
            if (!ids.add(id)) {
                throw new IllegalArgumentException("'" + text + "' has " + id + " twice; add its factors up");
            }
            terms.add(new CombineTerm(id, factor(text, term)));
            at = term.end();
        }
        if (ids.contains(expertId)) {
            throw new IllegalArgumentException(
                    "'" + text + "' combines " + expertId + " from itself; give the combination another name");
        }
        return new Combination(expertId, terms);
    }

    private static double factor(String text, Matcher term) {
        String said = term.group("factor");
        double factor = said == null ? 1 : Double.parseDouble(said);
        if (factor == 0 || Double.isInfinite(factor)) {
            throw new IllegalArgumentException(
                    "'" + text + "' has the factor " + said + "; give a finite number other than 0");
        }
        return term.group("sign").equals("-") ? -factor : factor;
    }

    /** For options. */
    public static final class Converter implements ITypeConverter<Combination> {
        @Override
        public Combination convert(String value) {
            try {
                return parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
