package dev.koine.cli.option;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.RemotePlace;
import java.net.URI;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a place: a folder, or a URI of object storage. */
public final class PlaceConverter implements ITypeConverter<URI> {
    @Override
    public URI convert(String value) {
        boolean isFile = value.startsWith("file:/") && (!value.startsWith("file://") || value.startsWith("file:///"));
        if (!isFile && !value.contains("://")) {
            return Path.of(value).toAbsolutePath().normalize().toUri();
        }
        try {
            if (isFile) {
                return Path.of(URI.create(value)).normalize().toUri();
            }
            return RemotePlace.require(URI.create(value));
        } catch (IllegalArgumentException | RejectedException e) {
            throw new TypeConversionException(
                    "'" + value + "' is no place; name a folder, or a prefix such as s3://bucket/koine/");
        }
    }
}
