package dev.koine.cli.console;

import dev.koine.lifecycle.option.Units;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes such as {@code 2 gb}, in bytes, as the job's options have them. */
public final class SizeConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
        try {
            return Units.bytes(value);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException("'" + value + "' is no size; write it like 500 mb or 2 gb");
        }
    }
}
