package dev.koine.objectstore;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What object storage says where it refuses, and what to do about it. */
public final class StoreTrouble {
    private static final String NO_BUCKET = "NoSuchBucket";
    /** By words that S3's answer or its client's message has. */
    private static final Map<String, String> ADVICE = new LinkedHashMap<>();

    static {
        String keys = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do.";
        ADVICE.put("RequestTimeTooSkewed", "Set this machine's clock.");
        ADVICE.put(NO_BUCKET, "Make the bucket, or name another one.");
        ADVICE.put("InvalidAccessKeyId", keys);
        ADVICE.put("SignatureDoesNotMatch", keys);
        ADVICE.put("AccessDenied", keys);
        ADVICE.put("NoAuthWithAWSException", keys);
        ADVICE.put("No AWS Credentials", keys);
        String endpoint = "Does the S3 server run, and is s3.endpoint in config.yaml of FLINK_CONF_DIR its address?";
        ADVICE.put("Unable to execute HTTP request", endpoint);
        ADVICE.put("ConnectException", endpoint);
        ADVICE.put("UnknownHostException", endpoint);
        ADVICE.put(
                "getSubject is not supported",
                "Flink's S3 plugin does not run on Java 24 and newer: run this on Java 17 (JAVA_HOME).");
    }

    private static final Pattern ANSWER =
            Pattern.compile("Exception: ([^()]*?)\\.? \\(Service: [^;]*; Status Code: [0-9]+; Error Code: ([^;]*);");

    private StoreTrouble() {}

    /** What to do about it; empty where that is not known. */
    public static String advice(String said) {
        return ADVICE.entrySet().stream()
                .filter(known -> said.contains(known.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("");
    }

    static boolean hasNoBucket(Throwable trouble) {
        return all(trouble).contains(NO_BUCKET);
    }

    /** What is said, with what to do about it. */
    public static String sentence(Throwable trouble) {
        String said =
                String.valueOf(trouble.getMessage()).replaceAll("\\s+", " ").strip();
        Matcher answer = ANSWER.matcher(said);
        if (answer.find()) {
            said = "S3 says: " + answer.group(1) + " (" + answer.group(2) + ").";
        }
        String advice = advice(all(trouble));
        return advice.isEmpty() ? said : said + (said.endsWith(".") ? " " : ". ") + advice;
    }

    private static String all(Throwable trouble) {
        StringBuilder all = new StringBuilder();
        for (@Nullable Throwable at = trouble; at != null; at = at.getCause()) {
            all.append(at).append('\n');
        }
        return all.toString();
    }
}
