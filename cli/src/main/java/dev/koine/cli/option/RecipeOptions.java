package dev.koine.cli.option;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.method.Parameter;
import dev.koine.engine.merge.method.Parameters;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * The merge recipe. What is not said is as in {@link Recipe#standard} of the method, which is that of {@link Recipe#DEFAULT} where none is named and
 * {@link RegMean} where statistics are given.
 */
public final class RecipeOptions {
    private static final MergeMethod WEIGHED = new RegMean();
    private static final String POLICY = "--policy";

    @Spec(Spec.Target.SELF)
    private CommandSpec options;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--method",
            description = {
                "How experts are pruned and put together (default: COMPACT; REGMEAN where statistics are given by --statistics or --protect):",
                "${COMPLETION-CANDIDATES}."
            },
            completionCandidates = Methods.class)
    @Nullable
    public String method;

    @Option(
            names = "--rank",
            description = "Rank of the low-rank part (default: 32 of COMPACT and REGMEAN, else 7, as published).")
    @Nullable
    public Integer rank;

    @Option(names = "--density", description = "Fraction of the entries that are kept (default: 0.2, as published).")
    @Nullable
    public Double density;

    @Option(
            names = "--scale",
            paramLabel = "NUMBER|POLICY",
            description = {
                "Factor of what the task vectors combine to (default: norm:0.2, for REGMEAN norm:0.4, for TIES norm):",
                "a number; 1/n, with n experts; norm, as long as they are on average; model-stock, from their angles;",
                "norm:0.4, and the like, for no more than 0.4;",
                "search, the best of 0.1 to 0.4 on the evaluation sets, or search:0.3,0.5,..., of these (not for koine merge)."
            })
    @Nullable
    public String scale;

    @Option(names = "--seed", description = "Of what a method draws (default: 0).")
    @Nullable
    public Long seed;

    @Option(
            names = "--slack",
            description = "How far a sign may lose its election and still count, 0 to 1 (default: 0).")
    @Nullable
    public Double slack;

    @Option(
            names = "--precision",
            description =
                    "Element type of task vectors: ${COMPLETION-CANDIDATES} (default: INT8 of COMPACT and REGMEAN, else FLOAT32).")
    @Nullable
    public Precision precision;

    @Option(
            names = POLICY,
            paramLabel = "GLOB=POLICY",
            description = {
                "Overrules the policy (LORS, LOW_RANK, LOW_RANK_BANDS, SPARSE, RANDOM, DENSE, FROZEN) of weights whose position matches; the first match decides.",
                "koine inspect shows positions."
            })
    public Map<String, Policy> policies = Map.of();

    /** The recipe, if any of these options was given. */
    public Optional<Recipe> said() throws RejectedException {
        ParseResult given = command.commandLine().getParseResult();
        boolean isSaid = options.options().stream().anyMatch(option -> given.hasMatchedOption(option.longestName()));
        return isSaid ? Optional.of(recipe()) : Optional.empty();
    }

    /** The recipe of a merge for which no statistics are given. */
    public Recipe recipe() throws RejectedException {
        return recipe(Recipe.DEFAULT.method());
    }

    /**
     * The recipe of a merge for which statistics are given: of {@link RegMean} where no method is named.
     *
     * @param option by which they are given
     * @throws ParameterException if the method that is named weighs by none
     */
    public Recipe weighed(String option) throws RejectedException {
        Recipe weighed = recipe(WEIGHED);
        if (!weighed.method().isWeighed()) {
            throw new ParameterException(
                    command.commandLine(),
                    option + " is given, and " + weighed.method().name()
                            + " weighs by no statistics; leave --method out, and " + WEIGHED.name() + " is taken.");
        }
        return weighed;
    }

    private Recipe recipe(MergeMethod unnamed) throws RejectedException {
        requireOnePolicyEach();
        List<PolicyRule> rules = policies.entrySet().stream()
                .map(entry -> new PolicyRule(entry.getKey(), entry.getValue()))
                .toList();
        Recipe standard = Recipe.standard(method == null ? unnamed : MergeMethods.of(method));
        if (method == null) {
            requireTaken("density", density, standard.method());
            requireTaken("seed", seed, standard.method());
            requireTaken("slack", slack, standard.method());
        }
        Parameters own = standard.parameters();
        return new Recipe(
                        standard.method(),
                        new Parameters(
                                Objects.requireNonNullElse(rank, own.rank()),
                                Objects.requireNonNullElse(density, own.density()),
                                Objects.requireNonNullElse(seed, own.seed()),
                                Objects.requireNonNullElse(slack, own.slack())),
                        scale == null ? standard.scale() : Scale.parse(scale),
                        Objects.requireNonNullElse(precision, standard.precision()),
                        rules)
                .validated();
    }

    private void requireOnePolicyEach() {
        ParseResult given = command.commandLine().getParseResult();
        Set<String> globs = new HashSet<>();
        for (String rule : given.hasMatchedOption(POLICY)
                ? given.matchedOption(POLICY).originalStringValues()
                : List.<String>of()) {
            String glob = rule.substring(0, rule.indexOf('='));
            if (!globs.add(glob)) {
                throw new ParameterException(
                        command.commandLine(), POLICY + " '" + glob + "=...' is given twice; leave one out.");
            }
        }
    }

    /** Whoever says what the default method does not take means another one. */
    private static void requireTaken(String name, @Nullable Number said, MergeMethod method) throws RejectedException {
        if (said != null
                && method.parameters().stream().noneMatch(taken -> taken.name().equals(name))) {
            List<String> takers = MergeMethods.all().stream()
                    .filter(other -> other.isWeighed() == method.isWeighed())
                    .filter(other -> other.parameters().stream()
                            .anyMatch(taken -> taken.name().equals(name)))
                    .map(MergeMethod::name)
                    .toList();
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "--" + name + " is given without --method, and " + method.name()
                            + (method.isWeighed() ? ", taken for the statistics," : ", the default,")
                            + " does not take it; "
                            + (takers.isEmpty()
                                    ? "leave it out."
                                    : "add --method " + String.join(" or ", takers) + "."));
        }
    }

    /** The methods, each with the options that it takes, for the help. */
    public static final class Methods implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return MergeMethods.all().stream().map(Methods::describe).iterator();
        }

        private static String describe(MergeMethod method) {
            String options = method.parameters().stream()
                    .map(Parameter::name)
                    .map(name -> "--" + name)
                    .collect(Collectors.joining(" "));
            return method.name() + ": " + method.summary() + (options.isEmpty() ? "" : " (" + options + ")");
        }
    }
}
