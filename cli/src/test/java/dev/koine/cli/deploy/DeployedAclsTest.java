package dev.koine.cli.deploy;

import static dev.koine.cli.deploy.Resources.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The users' rights on Kafka are those in {@code docs/security.md}, and those are what the code needs. */
class DeployedAclsTest {
    private static final Map<String, String> USERS =
            Map.of("pipeline", "koine-pipeline", "merge job", "koine-job", "service", "koine-service");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (pipeline|merge job|service) \\| (.*) \\|$");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    @Test
    void usersHaveTheRightsOnThePage() throws IOException {
        Map<String, Set<String>> page = page();
        assertThat(page).hasSize(USERS.size());
        for (Resources variant : Deployed.variants().values()) {
            assertThat(users(variant)).isEqualTo(page);
        }
    }

    @Test
    void theRightsAreWhatTheCodeNeeds() throws IOException {
        Topics topics = Topics.DEFAULT;
        for (Resources variant : Deployed.variants().values()) {
            String jobId = variant.one("FlinkDeployment")
                    .at("/spec/flinkConfiguration")
                    .path("koine.job.id")
                    .asText();
            assertThat(users(variant))
                    .containsEntry(
                            "koine-job",
                            new TreeSet<>(Set.of(
                                    "Read topic literal " + topics.models(),
                                    "Read topic literal " + topics.experts(),
                                    "Write topic literal " + topics.updates(),
                                    "Write topic literal " + topics.rejections(),
                                    "Read group literal " + jobId,
                                    "Write transactionalId prefix " + jobId + "-")))
                    .containsEntry(
                            "koine-pipeline",
                            new TreeSet<>(Set.of(
                                    "Write topic literal " + topics.models(),
                                    "Write topic literal " + topics.experts(),
                                    "Read topic literal " + topics.updates(),
                                    "Read topic literal " + topics.rejections(),
                                    "Read topic literal " + Topics.SERVICES)))
                    .containsEntry(
                            "koine-service",
                            new TreeSet<>(Set.of(
                                    "Read topic literal " + topics.updates(),
                                    "Read topic literal " + Topics.ARTIFACTS,
                                    "Write topic literal " + Topics.SERVICES)));
        }
    }

    private static Map<String, Set<String>> users(Resources variant) {
        Map<String, Set<String>> users = new TreeMap<>();
        for (JsonNode user : variant.of("KafkaUser")) {
            assertThat(user.at("/spec/authorization/type").asText()).isEqualTo("simple");
            Set<String> rights = users.computeIfAbsent(name(user), name -> new TreeSet<>());
            for (JsonNode acl : user.at("/spec/authorization/acls")) {
                assertThat(acl.path("type").asText("allow")).isEqualTo("allow");
                JsonNode resource = acl.path("resource");
                Yaml.texts(acl.path("operations"))
                        .forEach(operation -> rights.add(String.join(
                                " ",
                                operation,
                                resource.path("type").asText(),
                                resource.path("patternType").asText(),
                                resource.path("name").asText())));
            }
        }
        return users;
    }

    /** Of "`Write` on `koine.models`, `koine.experts`; `Read` on the group `koine` (...)", a right for each name. */
    private static Map<String, Set<String>> page() throws IOException {
        Map<String, Set<String>> page = new TreeMap<>();
        Matcher rows = ROW.matcher(Files.readString(Deployed.ROOT.resolve("docs/security.md")));
        while (rows.find()) {
            Set<String> rights = page.computeIfAbsent(USERS.getOrDefault(rows.group(1), ""), name -> new TreeSet<>());
            for (String part : rows.group(2).split("; ", -1)) {
                List<String> code = CODE.matcher(part.replaceAll("\\(.*\\)", ""))
                        .results()
                        .map(found -> found.group(1))
                        .toList();
                if (!code.isEmpty()) {
                    String kind = part.contains("group")
                            ? "group literal"
                            : part.contains("transactional") ? "transactionalId prefix" : "topic literal";
                    Stream<String> names = code.stream().skip(1);
                    names.forEach(name -> rights.add(code.get(0) + " " + kind + " " + name));
                }
            }
        }
        return page;
    }
}
