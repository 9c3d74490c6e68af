package dev.koine.flink.serving.sql;

import dev.koine.events.signature.TrustedKeys;
import dev.koine.serving.ServingSettings;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.ResolvedCatalogModel;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.ModelProviderFactory;
import org.apache.flink.table.ml.ModelProvider;
import org.apiguardian.api.API;

/** Makes {@code 'provider' = 'koine'} known to Flink SQL, which finds it by {@code META-INF/services}. */
@API(status = API.Status.MAINTAINED)
public final class KoineModelProviderFactory implements ModelProviderFactory {
    /** What is written after {@code 'provider' =}. */
    public static final String IDENTIFIER = "koine";

    @Override
    public String factoryIdentifier() {
        return IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.copyOf(KoineModelOptions.REQUIRED);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.copyOf(KoineModelOptions.OPTIONAL);
    }

    /** @throws ValidationException if an option or a column is missing, unknown or makes no sense; the message says what to write */
    @Override
    public ModelProvider createModelProvider(Context context) {
        ResolvedCatalogModel model = context.getCatalogModel();
        require(model, KoineModelOptions.MODEL, "demo");
        require(model, KoineModelOptions.BOOTSTRAP_SERVERS, "kafka:9092");
        FactoryUtil.FactoryHelper<?> helper = FactoryUtil.createModelProviderFactoryHelper(this, context);
        helper.validateExcept(KoineModelOptions.KAFKA_PREFIX);
        ReadableConfig options = helper.getOptions();
        int concurrency = options.get(KoineModelOptions.CONCURRENCY);
        if (concurrency < 1) {
            throw new ValidationException("'concurrency' is " + concurrency + ". Give 1 or more.");
        }
        ModelColumns columns = ModelColumns.of(
                model.getResolvedInputSchema(),
                model.getResolvedOutputSchema(),
                options.get(KoineModelOptions.TASK),
                options.getOptional(KoineModelOptions.LANGUAGE).orElse(""));
        return new KoineModelProvider(settings(options, kafka(model.getOptions())), columns, concurrency);
    }

    private static void require(ResolvedCatalogModel model, ConfigOption<String> option, String example) {
        if (model.getOptions().getOrDefault(option.key(), "").isBlank()) {
            throw new ValidationException("'" + option.key() + "' is missing after WITH. Write '" + option.key()
                    + "' = '" + example + "'. " + new HtmlFormatter().format(option.description()));
        }
    }

    private static Map<String, String> kafka(Map<String, String> options) {
        Map<String, String> kafka = new HashMap<>();
        options.forEach((name, value) -> {
            if (name.startsWith(KoineModelOptions.KAFKA_PREFIX)) {
                kafka.put(name.substring(KoineModelOptions.KAFKA_PREFIX.length()), value);
            }
        });
        return kafka;
    }

    private static ServingSettings settings(ReadableConfig options, Map<String, String> kafka) {
        try {
            ServingSettings settings = ServingSettings.of(kafka, options.get(KoineModelOptions.MODEL))
                    .withUpdatesTopic(options.get(KoineModelOptions.TOPIC))
                    .withDevice(options.get(KoineModelOptions.DEVICE), options.get(KoineModelOptions.THREADS_PER_ROW))
                    .withFirstVersionWithin(options.get(KoineModelOptions.FIRST_VERSION_TIMEOUT));
            Optional<String> directory = options.getOptional(KoineModelOptions.CACHE_DIRECTORY);
            if (directory.isPresent()) {
                settings = settings.withCacheDirectory(directory.get());
            }
            Optional<String> keys = options.getOptional(KoineModelOptions.TRUSTED_KEYS);
            if (keys.isPresent()) {
                settings = settings.withTrustedKeys(TrustedKeys.read(Path.of(keys.get())));
            }
            return options.get(KoineModelOptions.QUARANTINE)
                    ? settings.withQuarantine(QuarantineLimits.DEFAULT)
                    : settings;
        } catch (IllegalArgumentException e) {
            throw new ValidationException(e.getMessage(), e);
        } catch (IOException e) {
            throw new ValidationException(
                    "'" + KoineModelOptions.TRUSTED_KEYS.key() + "' cannot be read where the query is planned: " + e,
                    e);
        }
    }
}
