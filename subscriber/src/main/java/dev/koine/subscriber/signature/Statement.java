package dev.koine.subscriber.signature;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.PolicyRule;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
import dev.koine.subscriber.events.Bundles;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that are signed for an event, made from what it says and not from how it is encoded, so that a signature outlives a new
 * schema, and another language can make the same bytes.
 *
 * <p>The first line is the kind: {@code koine-expert-1}, {@code koine-model-1} or {@code koine-update-1}. Each field follows as
 * {@code <name> <bytes of the value>\n<value>\n}, in UTF-8, in the order of the methods here. A list is its length as a field of the
 * list's name, then its elements' fields. Integers are decimal, times milliseconds since 1970, doubles the 16 hexadecimal digits of their
 * IEEE 754 bits, what is missing is {@code -}. A bundle is its digest ({@link dev.koine.engine.store.Bundle#digest}), so that the files may
 * be moved; an update also signs the bundle's place.
 */
public final class Statement {
    private static final String MISSING = "-";

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private Statement(String kind) {
        write(kind + "\n");
    }

    /**
     * What an expert event says.
     *
     * @throws RejectedException if its bundle is none
     */
    public static byte[] of(ExpertEvent event) throws RejectedException {
        Statement statement = new Statement("koine-expert-1");
        statement.text("action", event.getAction().name());
        statement.text("model", event.getModelId());
        statement.text("expert", event.getExpertId());
        statement.number("revision", event.getRevision());
        statement.texts("languages", event.getLanguages());
        statement.texts("tasks", event.getTasks());
        statement.real("weight", event.getWeight());
        statement.bundle("bundle", event.getBundle());
        statement.number("back-to", event.getBackTo());
        statement.number("time", event.getTime().toEpochMilli());
        return statement.bytes.toByteArray();
    }

    /**
     * What a registration says.
     *
     * @throws RejectedException if its bundle is none
     */
    public static byte[] of(ModelRegistration event) throws RejectedException {
        Statement statement = new Statement("koine-model-1");
        statement.text("model", event.getModelId());
        statement.bundle("base", event.getBase());
        statement.recipe(event.getRecipe());
        statement.number("time", event.getTime().toEpochMilli());
        return statement.bytes.toByteArray();
    }

    /**
     * What an update says.
     *
     * @throws RejectedException if its bundle is none
     */
    public static byte[] of(ModelUpdate update) throws RejectedException {
        Statement statement = new Statement("koine-update-1");
        statement.text("model", update.getModelId());
        statement.number("version", update.getVersion());
        statement.number("parent", update.getParent());
        statement.text("digest", update.getDigest());
        statement.text("place", update.getBundle().getUri());
        statement.bundle("bundle", update.getBundle());
        statement.number("experts", update.getExperts().size());
        for (MergedExpert expert : update.getExperts()) {
            statement.text("expert", expert.getExpertId());
            statement.number("revision", expert.getRevision());
            statement.texts("languages", expert.getLanguages());
            statement.texts("tasks", expert.getTasks());
            statement.real("weight", expert.getWeight());
            statement.text("bundle", expert.getBundleDigest());
            statement.text("task-vector", expert.getTaskVectorDigest());
        }
        statement.recipe(update.getRecipe());
        statement.text("change", update.getCause().getChange().name());
        statement.text("changed-expert", update.getCause().getExpertId());
        statement.number("changed-revision", update.getCause().getRevision());
        statement.number("back-to", update.getCause().getBackTo());
        statement.position(update.getCause().getPosition());
        statement.number("time", update.getTime().toEpochMilli());
        return statement.bytes.toByteArray();
    }

    private void recipe(Recipe recipe) {
        number("rank", recipe.getRank());
        real("density", recipe.getDensity());
        real("scale", recipe.getScale());
        text("precision", recipe.getPrecision());
        number("rules", recipe.getRules().size());
        for (PolicyRule rule : recipe.getRules()) {
            text("pattern", rule.getPattern());
            text("policy", rule.getPolicy());
        }
    }

    private void position(Position position) {
        text("topic", position.getTopic());
        number("partition", position.getPartition());
        number("offset", position.getOffset());
    }

    private void bundle(String name, @Nullable Bundle bundle) throws RejectedException {
        text(name, bundle == null ? null : Bundles.fromAvro(bundle).digest());
    }

    private void texts(String name, List<String> values) {
        number(name, values.size());
        values.forEach(value -> text(name, value));
    }

    private void real(String name, double value) {
        text(name, String.format("%016x", Double.doubleToRawLongBits(value)));
    }

    private void number(String name, long value) {
        text(name, Long.toString(value));
    }

    private void number(String name, @Nullable Long value) {
        text(name, value == null ? null : Long.toString(value));
    }

    private void text(String name, @Nullable String value) {
        String said = value == null ? MISSING : value;
        write(name + " " + (value == null ? MISSING : said.getBytes(StandardCharsets.UTF_8).length) + "\n" + said
                + "\n");
    }

    private void write(String text) {
        bytes.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }
}
