package dev.koine.beam;

import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.coders.CoderProvider;
import org.apache.beam.sdk.coders.CoderProviderRegistrar;
import org.apache.beam.sdk.coders.CoderProviders;
import org.apache.beam.sdk.coders.CustomCoder;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * Events as the topics have them: in Avro's single-object encoding, which names its schema. So a pipeline that is restored with a newer
 * release reads what an older one had on its way.
 *
 * @param <T> the event
 */
public final class EventCoder<T extends SpecificRecord> extends CustomCoder<T> {
    private static final long serialVersionUID = 1L;
    private static final ByteArrayCoder BYTES = ByteArrayCoder.of();

    private final Class<T> type;
    private transient volatile @Nullable EventCodec<T> codec;

    private EventCoder(Class<T> type) {
        this.type = type;
    }

    /** The coder of a type of events. */
    public static <T extends SpecificRecord> EventCoder<T> of(Class<T> type) {
        return new EventCoder<>(type);
    }

    @Override
    public void encode(T value, OutputStream outStream) throws IOException {
        BYTES.encode(codec().encode(value), outStream);
    }

    @Override
    public T decode(InputStream inStream) throws IOException {
        try {
            return codec().decode(BYTES.decode(inStream));
        } catch (UndecodableException e) {
            throw new CoderException(String.valueOf(e.getMessage()), e);
        }
    }

    private EventCodec<T> codec() {
        EventCodec<T> known = codec;
        if (known == null) {
            known = EventCodec.of(type);
            codec = known;
        }
        return known;
    }

    /** Equal events have equal bytes: their maps, if any, are none. */
    @Override
    public void verifyDeterministic() {}

    @Override
    public TypeDescriptor<T> getEncodedTypeDescriptor() {
        return TypeDescriptor.of(type);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof EventCoder<?> coder && coder.type == type;
    }

    @Override
    public int hashCode() {
        return type.hashCode();
    }

    /** Tells Beam of the coders, so that no pipeline has to. */
    public static final class Registrar implements CoderProviderRegistrar {
        @Override
        public List<CoderProvider> getCoderProviders() {
            return List.of(provider(ExpertEvent.class), provider(ModelUpdate.class));
        }

        private static <T extends SpecificRecord> CoderProvider provider(Class<T> type) {
            Coder<T> coder = of(type);
            return CoderProviders.forCoder(TypeDescriptor.of(type), coder);
        }
    }
}
