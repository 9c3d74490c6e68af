package dev.koine.cli.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Where the files under {@code deploy} are, and what each test needs of them. */
final class Deployed {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    static final Path KUBERNETES = ROOT.resolve("deploy").resolve("kubernetes");
    static final Path DOCKER = ROOT.resolve("deploy").resolve("docker");
    static final String SINGLE_NODE = "single-node";
    static final String S3 = "s3";
    static final String SIGNED = "single-node, signatures";

    private Deployed() {}

    /** What each overlay comes to, and one with signatures. */
    static Map<String, Resources> variants() throws IOException {
        Map<String, Resources> variants = new TreeMap<>();
        for (Path overlay : folders(KUBERNETES.resolve("overlays"))) {
            variants.put(overlay.getFileName().toString(), Kustomization.build(overlay));
        }
        variants.put(SIGNED, Kustomization.build(overlay(SINGLE_NODE), KUBERNETES.resolve("components/signatures")));
        return variants;
    }

    static Path overlay(String name) {
        return KUBERNETES.resolve("overlays").resolve(name);
    }

    static List<Path> folders(Path parent) throws IOException {
        try (Stream<Path> folders = Files.list(parent)) {
            return folders.filter(Files::isDirectory).sorted().toList();
        }
    }

    /** All files under a folder. */
    static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    static JsonNode compose() throws IOException {
        return Yaml.document(DOCKER.resolve("compose.yaml"));
    }

    /** {@code spec.job.args}, or what a compose file's command says after the class, by name. */
    static Map<String, String> arguments(List<String> words) {
        Map<String, String> arguments = new TreeMap<>();
        for (int i = 0; i + 1 < words.size(); i += 2) {
            if (!words.get(i).startsWith("--")) {
                throw new AssertionError(words.get(i) + " is no argument, in " + words);
            }
            arguments.put(words.get(i).substring(2), words.get(i + 1));
        }
        return arguments;
    }

    /** A property of the root's POM, or the project's own version. */
    static String version(String property) throws IOException {
        String pom = Files.readString(ROOT.resolve("pom.xml"));
        return found(
                property.equals("project.version") ? "<version>([^<$]+)</version>" : "<" + property + ">([^<]+)</",
                pom);
    }

    static String found(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) {
            throw new AssertionError(
                    "There is no " + pattern + " in " + text.substring(0, Math.min(300, text.length())));
        }
        return matcher.group(1);
    }

    static boolean soundsSecret(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return Stream.of("password", "secret", "credential", "token", "jaas", "access_key", "access.key")
                .anyMatch(lower::contains);
    }

    static List<JsonNode> list(JsonNode node) {
        List<JsonNode> list = new ArrayList<>();
        node.forEach(list::add);
        return list;
    }
}
