package dev.koine.cli;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import org.junit.jupiter.api.Test;

/** Arrows between modules, and between packages, run one way. */
class ArchitectureTest {
    /** Where the lifecycle's records lie: their full names are in every savepoint. */
    private static final String STATE = "dev.koine.flink.state";

    private static final JavaClasses KOINE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.koine");

    @Test
    void modulesDependOneWay() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("schemas")
                .definedBy("dev.koine.schemas..")
                .layer("engine")
                .definedBy("dev.koine.engine..")
                .layer("object-store")
                .definedBy("dev.koine.objectstore..")
                .layer("embedded-broker")
                .definedBy("dev.koine.broker..")
                .layer("events")
                .definedBy("dev.koine.events..")
                .layer("speech")
                .definedBy("dev.koine.speech..")
                .layer("subscriber")
                .definedBy("dev.koine.subscriber..")
                .layer("follower")
                .definedBy("dev.koine.follower..")
                .layer("accelerator")
                .definedBy("dev.koine.accelerator..")
                .layer("lifecycle")
                .definedBy("dev.koine.lifecycle..", STATE)
                .layer("flink-jobs")
                .definedBy(DescribedPredicate.and(
                        JavaClass.Predicates.resideInAPackage("dev.koine.flink.."),
                        JavaClass.Predicates.resideOutsideOfPackage(STATE)))
                .layer("cli")
                .definedBy("dev.koine.cli..")
                .whereLayer("schemas")
                .mayNotAccessAnyLayer()
                .whereLayer("engine")
                .mayNotAccessAnyLayer()
                .whereLayer("object-store")
                .mayOnlyAccessLayers("engine")
                .whereLayer("embedded-broker")
                .mayNotAccessAnyLayer()
                .whereLayer("events")
                .mayOnlyAccessLayers("schemas", "engine")
                .whereLayer("speech")
                .mayOnlyAccessLayers("engine")
                .whereLayer("subscriber")
                .mayOnlyAccessLayers("schemas", "engine", "events")
                .whereLayer("follower")
                .mayOnlyAccessLayers("schemas", "engine", "events", "subscriber")
                .whereLayer("accelerator")
                .mayOnlyAccessLayers("engine")
                .whereLayer("lifecycle")
                .mayOnlyAccessLayers("schemas", "engine", "events", "speech")
                .whereLayer("flink-jobs")
                .mayOnlyAccessLayers(
                        "schemas", "engine", "object-store", "events", "speech", "accelerator", "lifecycle")
                .check(KOINE);
    }

    @Test
    void theEngineKnowsNeitherFlinkNorKafkaNorOnnxRuntime() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("dev.koine.engine..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.flink..", "org.apache.kafka..", "org.apache.avro..", "ai.onnxruntime..")
                .check(KOINE);
    }

    @Test
    void theLifecycleKnowsNeitherFlinkNorKafka() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAnyPackage("dev.koine.lifecycle..", STATE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.flink..", "org.apache.kafka..", "ai.onnxruntime..")
                .check(KOINE);
    }

    @Test
    void whatAServiceEmbedsKnowsNoFlink() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.koine.follower..",
                        "dev.koine.subscriber..",
                        "dev.koine.speech..",
                        "dev.koine.events..",
                        "dev.koine.schemas..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.flink..")
                .check(KOINE);
    }

    @Test
    void followingUpdatesNeedsNoOnnxRuntimeAndDecodingSpeechNoKafka() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAnyPackage("dev.koine.follower..", "dev.koine.subscriber..", "dev.koine.events..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.onnxruntime..")
                .check(KOINE);
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("dev.koine.speech..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka..", "org.apache.avro..")
                .check(KOINE);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().assignedFrom(new Packages()).should().beFreeOfCycles().check(KOINE);
    }

    /** Each package for itself, the root of a module, too. */
    private static final class Packages implements SliceAssignment {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            return SliceIdentifier.of(type.getPackageName());
        }

        @Override
        public String getDescription() {
            return "packages";
        }
    }
}
