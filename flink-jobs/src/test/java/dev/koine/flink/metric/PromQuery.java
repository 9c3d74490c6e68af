package dev.koine.flink.metric;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The names in a query of Prometheus: whatever is neither a number, a keyword nor a function is a metric or, in braces and after {@code by} and its like, a
 * label.
 */
record PromQuery(String text) {
    private static final Pattern STRING = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"");
    private static final Pattern DURATION = Pattern.compile("\\[[^\\]]*\\]|\\boffset\\s+\\w+");
    private static final Pattern SELECTOR = Pattern.compile("\\{([^}]*)\\}");
    private static final Pattern GROUPING =
            Pattern.compile("\\b(?:by|without|on|ignoring|group_left|group_right)\\s*\\(([^)]*)\\)");
    private static final Pattern NAME = Pattern.compile("(?<![\\w.$])[a-zA-Z_:][\\w:]*(?!\\s*\\()(?![\\w:])");
    private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.*),\\s*(\\w+)\\)");
    private static final Set<String> KEYWORDS =
            Set.of("and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool");

    Set<String> metrics() {
        String left = bare();
        left = SELECTOR.matcher(left).replaceAll(" ");
        left = GROUPING.matcher(left).replaceAll(" ");
        return names(left);
    }

    Set<String> labels() {
        String left = bare();
        Set<String> labels = new TreeSet<>();
        for (Pattern place : new Pattern[] {SELECTOR, GROUPING}) {
            place.matcher(left).results().forEach(found -> labels.addAll(names(found.group(1))));
        }
        LABEL_VALUES.matcher(text).results().forEach(found -> labels.add(found.group(2)));
        return labels;
    }

    /** Without strings and durations; of a dashboard's variable, the metric. */
    private String bare() {
        String metric = LABEL_VALUES.matcher(text).replaceAll("$1");
        return DURATION.matcher(STRING.matcher(metric).replaceAll(" ")).replaceAll(" ");
    }

    private static Set<String> names(String text) {
        return NAME.matcher(text)
                .results()
                .map(MatchResult::group)
                .filter(name -> !KEYWORDS.contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
