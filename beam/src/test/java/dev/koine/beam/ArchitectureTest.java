package dev.koine.beam;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses BEAM = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.koine.beam");

    @Test
    void theTransformsKnowNothingOfTheMergeJob() {
        ArchRuleDefinition.noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.flink..", "dev.koine.lifecycle..", "dev.koine.flink..", "dev.koine.objectstore..")
                .check(BEAM);
    }

    @Test
    void packagesDependOneWay() {
        SlicesRuleDefinition.slices()
                .matching("dev.koine.(**)")
                .should()
                .beFreeOfCycles()
                .check(BEAM);
    }

    @Test
    void aMergeNeedsNeitherKafkaNorOnnxRuntime() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("dev.koine.beam.merge")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.kafka..",
                        "ai.onnxruntime..",
                        "dev.koine.events..",
                        "dev.koine.serving..",
                        "dev.koine.beam.schema")
                .check(BEAM);
    }
}
