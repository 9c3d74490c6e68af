package dev.koine.schemas;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;

/** Makes values of any schema, each field filled with something that is not its default as a rule. */
final class RandomRecords {
    private static final int LONGEST = 5;

    private final Random random;

    RandomRecords(long seed) {
        random = new Random(seed);
    }

    Object value(Schema schema) {
        return switch (schema.getType()) {
            case RECORD -> {
                GenericData.Record record = new GenericData.Record(schema);
                schema.getFields().forEach(field -> record.put(field.pos(), value(field.schema())));
                yield record;
            }
            case ARRAY -> {
                List<Object> items = new ArrayList<>();
                for (int n = random.nextInt(LONGEST); n > 0; n--) {
                    items.add(value(schema.getElementType()));
                }
                yield new GenericData.Array<>(schema, items);
            }
            case UNION ->
                value(schema.getTypes().get(random.nextInt(schema.getTypes().size())));
            case ENUM ->
                new GenericData.EnumSymbol(
                        schema,
                        schema.getEnumSymbols()
                                .get(random.nextInt(schema.getEnumSymbols().size())));
            case STRING -> text();
            case BYTES -> {
                byte[] bytes = new byte[random.nextInt(LONGEST)];
                random.nextBytes(bytes);
                yield ByteBuffer.wrap(bytes);
            }
            case INT -> random.nextInt();
            case LONG -> random.nextLong();
            case DOUBLE -> random.nextGaussian();
            case BOOLEAN -> random.nextBoolean();
            case NULL -> null;
            default ->
                throw new AssertionError("No event has had a " + schema.getType() + " yet; say how one is made.");
        };
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(LONGEST); n > 0; n--) {
            text.appendCodePoint(random.nextBoolean() ? 'a' + random.nextInt(26) : 0x1F600 + random.nextInt(40));
        }
        return text.toString();
    }
}
