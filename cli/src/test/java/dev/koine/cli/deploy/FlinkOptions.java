package dev.koine.cli.deploy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.flink.configuration.BlobServerOptions;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MetricOptions;
import org.apache.flink.configuration.NettyShuffleEnvironmentOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.kubernetes.configuration.KubernetesConfigOptions;

/** The options that Flink, its operator, its reporters and its S3 file system have. */
final class FlinkOptions {
    private static final List<Class<?>> DECLARING = List.of(
            BlobServerOptions.class,
            CheckpointingOptions.class,
            CoreOptions.class,
            HighAvailabilityOptions.class,
            JobManagerOptions.class,
            KubernetesConfigOptions.class,
            MetricOptions.class,
            NettyShuffleEnvironmentOptions.class,
            RestOptions.class,
            TaskManagerOptions.class);

    /** Of KubernetesOperatorConfigOptions of operator 1.15.0, those that are used; its jar is no library. */
    private static final List<ConfigOption<?>> OPERATOR = List.of(
            ConfigOptions.key("kubernetes.operator.periodic.savepoint.interval")
                    .durationType()
                    .noDefaultValue(),
            ConfigOptions.key("kubernetes.operator.pod-template.merge-arrays-by-name")
                    .booleanType()
                    .noDefaultValue(),
            ConfigOptions.key("kubernetes.operator.savepoint.dispose-on-delete")
                    .booleanType()
                    .noDefaultValue(),
            ConfigOptions.key("kubernetes.operator.savepoint.history.max.age")
                    .durationType()
                    .noDefaultValue(),
            ConfigOptions.key("kubernetes.operator.savepoint.history.max.count")
                    .intType()
                    .noDefaultValue());

    private static final String REPORTER = "metrics.reporter.prom.";

    /** Of any reporter, and of that for Prometheus, which is a plugin. */
    private static final List<ConfigOption<?>> REPORTERS = List.of(
            ConfigOptions.key(REPORTER + MetricOptions.REPORTER_FACTORY_CLASS.key())
                    .stringType()
                    .noDefaultValue(),
            ConfigOptions.key(REPORTER + MetricOptions.REPORTER_EXCLUDED_VARIABLES.key())
                    .stringType()
                    .noDefaultValue(),
            ConfigOptions.key(REPORTER + "port").stringType().noDefaultValue(),
            ConfigOptions.key(REPORTER + "filterLabelValueCharacters")
                    .booleanType()
                    .noDefaultValue());

    private static final String S3 = "s3.";

    private FlinkOptions() {}

    /** By key, but for those of S3. */
    static Map<String, ConfigOption<?>> all() throws ReflectiveOperationException {
        List<ConfigOption<?>> found = new ArrayList<>(OPERATOR);
        found.addAll(REPORTERS);
        for (Class<?> type : DECLARING) {
            for (var field : type.getFields()) {
                if (field.getType() == ConfigOption.class) {
                    found.add((ConfigOption<?>) field.get(null));
                }
            }
        }
        Map<String, ConfigOption<?>> all = new TreeMap<>();
        found.forEach(option -> all.put(option.key(), option));
        return all;
    }

    static boolean isOfS3(String key) {
        return key.startsWith(S3);
    }

    /** Flink hands what begins with s3. to Hadoop, under fs.s3a.; which options that has stands in its defaults. */
    static Set<String> s3() throws IOException {
        Path plugin = Deployed.files(Deployed.ROOT.resolve("object-store/target/plugins/s3-fs-hadoop"))
                .get(0);
        try (ZipFile jar = new ZipFile(plugin.toFile())) {
            ZipEntry defaults = jar.getEntry("core-default.xml");
            if (defaults == null) {
                throw new AssertionError(plugin + " has no core-default.xml");
            }
            try (InputStream in = jar.getInputStream(defaults)) {
                String xml = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                return Set.copyOf(java.util.regex.Pattern.compile("<name>fs\\.s3a\\.([^<]+)</name>")
                        .matcher(xml)
                        .results()
                        .map(name -> S3 + name.group(1).strip())
                        .distinct()
                        .toList());
            }
        }
    }
}
