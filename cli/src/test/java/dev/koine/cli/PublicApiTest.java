package dev.koine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;
import org.apiguardian.api.API;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What others compile against changes on purpose only: each module's public surface, the types that are marked or lie in a package that is marked
 * {@link API}, is on record in its {@code api.txt}. {@code -Dapi.write=true} writes it anew.
 */
class PublicApiTest {
    private static final JavaClasses KOINE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.koine");

    @ParameterizedTest
    @CsvSource({
        "engine, dev.koine.engine",
        "events, dev.koine.events",
        "speech, dev.koine.speech",
        "subscriber, dev.koine.subscriber"
    })
    void isTheOneOnRecord(String module, String root) throws Exception {
        String found = surface(root);
        Path record = Path.of("..", module, "api.txt");
        if (Boolean.getBoolean("api.write")) {
            Files.writeString(record, found);
        }
        assertThat(found)
                .as(
                        "If the public surface of %s is to change, write it down: mvn -pl cli -am test"
                                + " -Dtest=PublicApiTest -Dapi.write=true -Dsurefire.failIfNoSpecifiedTests=false",
                        module)
                .isEqualTo(Files.readString(record));
    }

    private static String surface(String root) {
        StringBuilder text = new StringBuilder();
        KOINE.stream()
                .filter(type -> type.getPackageName().equals(root)
                        || type.getPackageName().startsWith(root + "."))
                .filter(PublicApiTest::isPublic)
                .sorted(Comparator.comparing(JavaClass::getName))
                .forEach(type -> describe(type.reflect(), text));
        return text.toString();
    }

    private static boolean isPublic(JavaClass type) {
        boolean isMarked = type.isAnnotatedWith(API.class)
                || type.getPackage().isAnnotatedWith(API.class)
                || type.getEnclosingClass().map(PublicApiTest::isPublic).orElse(false);
        return isMarked
                && type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(PublicApiTest::isPublic).orElse(true);
    }

    private static void describe(Class<?> type, StringBuilder text) {
        text.append(named(type)).append('\n');
        Stream.of(type.getGenericSuperclass())
                .filter(above -> above != null && above != Object.class)
                .forEach(above ->
                        text.append("  extends ").append(above.getTypeName()).append('\n'));
        lines(type.getDeclaredConstructors(), text);
        lines(type.getDeclaredFields(), text);
        lines(type.getDeclaredMethods(), text);
    }

    /** Without what Java 17 and later ones say differently of sealed types. */
    private static String named(Class<?> type) {
        return type.toGenericString().replace("non-sealed ", "").replace("sealed ", "");
    }

    private static void lines(Member[] members, StringBuilder text) {
        Arrays.stream(members)
                .filter(member -> !member.isSynthetic())
                .filter(member ->
                        Modifier.isPublic(member.getModifiers()) || Modifier.isProtected(member.getModifiers()))
                .map(PublicApiTest::line)
                .sorted()
                .forEach(line -> text.append("  ").append(line).append('\n'));
    }

    private static String line(Member member) {
        return member instanceof Executable executable
                ? executable.toGenericString()
                : ((Field) member).toGenericString();
    }
}
