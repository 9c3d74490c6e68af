package dev.koine.serving;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

/** What Flink and Beam share knows neither. */
class ArchitectureTest {
    @Test
    void servingKnowsNoFrameworkAndNothingOfTheMergeJob() {
        ArchRuleDefinition.noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.flink..",
                        "org.apache.beam..",
                        "dev.koine.lifecycle..",
                        "dev.koine.flink..",
                        "dev.koine.objectstore..")
                .check(new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("dev.koine.serving"));
    }
}
