package dev.koine.cli.option;

import dev.koine.cli.console.Plain;
import dev.koine.lifecycle.gate.Languages;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Takes a well-formed BCP 47 tag as it is. */
public final class LanguageConverter implements ITypeConverter<String> {
    private static final int LONGEST_QUOTE = 40;

    @Override
    public String convert(String tag) {
        if (!Languages.isTag(tag)) {
            String quote = tag.length() > LONGEST_QUOTE ? tag.substring(0, LONGEST_QUOTE) + "..." : tag;
            throw new TypeConversionException("'" + Plain.of(quote) + "' is no BCP 47 tag; write it like de or pt-BR.");
        }
        return tag;
    }
}
