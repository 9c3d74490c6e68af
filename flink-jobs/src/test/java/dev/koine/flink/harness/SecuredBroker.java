package dev.koine.flink.harness;

import dev.koine.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** A broker that is reached over TLS, with a password, and lets nobody do what no ACL allows. */
public final class SecuredBroker implements AutoCloseable {
    private static final List<String> USERS = List.of("admin", "job", "pipeline", "service");
    private static final String STORE_PASSWORD = "store-password";

    public final EmbeddedBroker broker;
    private final Path trust;

    private SecuredBroker(EmbeddedBroker broker, Path trust) {
        this.broker = broker;
        this.trust = trust;
    }

    public static SecuredBroker start(Path directory) throws Exception {
        Path keys = directory.resolve("broker.p12");
        Path trust = directory.resolve("trust.p12");
        makeKeys(keys, trust);
        Map<String, String> settings = new HashMap<>();
        settings.put("ssl.keystore.location", keys.toString());
        settings.put("ssl.keystore.type", "PKCS12");
        settings.put("ssl.keystore.password", STORE_PASSWORD);
        settings.put("ssl.key.password", STORE_PASSWORD);
        settings.put("ssl.truststore.location", trust.toString());
        settings.put("ssl.truststore.type", "PKCS12");
        settings.put("ssl.truststore.password", STORE_PASSWORD);
        settings.put("sasl.enabled.mechanisms", "PLAIN");
        settings.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
        settings.put("listener.name.sasl_ssl.plain.sasl.jaas.config", jaas("admin") + users() + ";");
        settings.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        settings.put("super.users", "User:admin;User:ANONYMOUS");
        return new SecuredBroker(EmbeddedBroker.start(directory.resolve("kafka"), 0, "SASL_SSL", settings), trust);
    }

    /** What a client of this user needs to know. */
    public Map<String, String> client(String user) {
        return client(user, password(user));
    }

    public Map<String, String> client(String user, String password) {
        return Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "security.protocol",
                "SASL_SSL",
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"" + user + "\" password=\""
                        + password + "\";",
                "ssl.truststore.location",
                trust.toString(),
                "ssl.truststore.type",
                "PKCS12",
                "ssl.truststore.password",
                STORE_PASSWORD);
    }

    public Properties properties(String user) {
        Properties properties = new Properties();
        properties.putAll(client(user));
        return properties;
    }

    public void allow(String user, ResourceType type, PatternType pattern, String name, AclOperation... operations)
            throws Exception {
        try (Admin admin = Admin.create(properties("admin"))) {
            admin.createAcls(Stream.of(operations)
                            .map(operation -> new AclBinding(
                                    new ResourcePattern(type, name, pattern),
                                    new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW)))
                            .toList())
                    .all()
                    .get();
        }
    }

    public static String password(String user) {
        return "password-of-" + user;
    }

    private static String jaas(String user) {
        return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"" + user + "\" password=\""
                + password(user) + "\"";
    }

    private static String users() {
        return USERS.stream()
                .map(user -> " user_" + user + "=\"" + password(user) + "\"")
                .collect(Collectors.joining());
    }

    private static void makeKeys(Path keys, Path trust) throws Exception {
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "broker",
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-validity",
                        "2",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=ip:127.0.0.1,dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        keys.toString(),
                        "-storepass",
                        STORE_PASSWORD)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
            throw new IOException("keytool made no key");
        }
        KeyStore made = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keys)) {
            made.load(in, STORE_PASSWORD.toCharArray());
        }
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("broker", made.getCertificate("broker"));
        try (OutputStream out = Files.newOutputStream(trust)) {
            trusted.store(out, STORE_PASSWORD.toCharArray());
        }
    }

    @Override
    public void close() {
        broker.close();
    }
}
