package dev.koine.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.Koine;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * NullAway takes it that picocli sets every field. Where one stays null, because its option or its group may be left
 * out, the field has to say so: then NullAway looks at those who read it.
 */
class LeftOutTest {
    static Stream<CommandSpec> commands() {
        return withThoseBelow(Koine.line()).map(CommandLine::getCommandSpec);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void whatMayBeLeftOutIsNullable(CommandSpec command) {
        Map<Object, ArgSpec> arguments = command.args().stream()
                .filter(argument -> argument.userObject() instanceof Member member
                        && member.getDeclaringClass().getName().startsWith("dev.koine."))
                .collect(Collectors.toMap(ArgSpec::userObject, argument -> argument));
        Walk walk = new Walk(arguments);
        walk.into(command.userObject().getClass(), false);
        assertThat(walk.seen).as("found among the fields").containsAll(arguments.keySet());
        assertThat(walk.silent).as("null when left out, and not @Nullable").isEmpty();
    }

    private static Stream<CommandLine> withThoseBelow(CommandLine line) {
        return Stream.concat(
                Stream.of(line), line.getSubcommands().values().stream().flatMap(LeftOutTest::withThoseBelow));
    }

    private static final class Walk {
        final Set<Object> seen = new HashSet<>();
        final Set<String> silent = new HashSet<>();
        private final Map<Object, ArgSpec> arguments;

        Walk(Map<Object, ArgSpec> arguments) {
            this.arguments = arguments;
        }

        /** @param isOneOfSeveral whether another member of the class may be given in a field's place */
        void into(Class<?> type, boolean isOneOfSeveral) {
            for (Class<?> at = type; at != null && at != Object.class; at = at.getSuperclass()) {
                for (Field field : at.getDeclaredFields()) {
                    look(field, isOneOfSeveral);
                }
                for (Method method : at.getDeclaredMethods()) {
                    if (method.isAnnotationPresent(Option.class)) {
                        look(method, method.getAnnotatedParameterTypes()[0], isOneOfSeveral);
                    }
                }
            }
        }

        private void look(Field field, boolean isOneOfSeveral) {
            ArgGroup group = field.getAnnotation(ArgGroup.class);
            if (field.isAnnotationPresent(Mixin.class)) {
                into(field.getType(), false);
            } else if (group != null) {
                boolean isLeftOut = isOneOfSeveral || group.multiplicity().startsWith("0");
                require(field.toString(), field.getAnnotatedType(), isLeftOut);
                into(field.getType(), group.exclusive());
            } else if (field.isAnnotationPresent(Option.class) || field.isAnnotationPresent(Parameters.class)) {
                look(field, field.getAnnotatedType(), isOneOfSeveral);
            }
        }

        private void look(Object member, AnnotatedType type, boolean isOneOfSeveral) {
            seen.add(member);
            ArgSpec argument = arguments.get(member);
            assertThat(argument).as(member.toString()).isNotNull();
            boolean hasValue =
                    argument.required() || argument.defaultValue() != null || argument.initialValue() != null;
            require(member.toString(), type, isOneOfSeveral || !hasValue);
        }

        private void require(String member, AnnotatedType type, boolean isLeftOut) {
            boolean isSaid = (type.getType() instanceof Class<?> plain && plain.isPrimitive())
                    || type.isAnnotationPresent(Nullable.class);
            if (isLeftOut && !isSaid) {
                silent.add(member);
            }
        }
    }
}
