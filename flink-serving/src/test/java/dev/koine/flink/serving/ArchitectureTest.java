package dev.koine.flink.serving;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses SERVING = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.koine.flink.serving");

    /** What is served knows the job that merges by its topic alone. */
    @Test
    void knowsNothingOfTheMergeJob() {
        ArchRuleDefinition.noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.koine.lifecycle..", "dev.koine.flink.state..", "dev.koine.cli..")
                .check(SERVING);
    }

    /** ONNX Runtime, Kafka and Avro are behind {@code koine-serving}. */
    @Test
    void touchesNoLibraryThatClashes() {
        ArchRuleDefinition.noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("ai.onnxruntime..", "org.apache.kafka..", "org.apache.avro..")
                .check(SERVING);
    }

    @Test
    void streamsNeedNoTables() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("dev.koine.flink.serving")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.flink.table..", "dev.koine.flink.serving.sql..")
                .check(SERVING);
    }
}
