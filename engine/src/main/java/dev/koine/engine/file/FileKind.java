package dev.koine.engine.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What stands by mistake where a model's file should be, as its first bytes say. Asked only about a file that could not be read. */
public enum FileKind {
    EMPTY("is empty", "Copy or download it again"),
    LFS_POINTER(
            "is a Git LFS pointer, a few lines of text that stand for a file which was not fetched",
            "Run `git lfs pull` in the clone that it comes from"),
    HTML(
            "is an HTML page, such as a sign-in or error page that was saved under its name",
            "Download the file itself, signed in if the site asks for it"),
    APPLE_DOUBLE(
            "is what macOS keeps beside a file on other file systems",
            "Take it out: `find DIR -name '._*' -delete` deletes all of them in a folder"),
    XML("is XML text, such as an error that object storage answered with", "Download the file itself"),
    JSON("is JSON text, such as an error that a server answered with", "Download the file itself"),
    UTF_16("is text in UTF-16", "Save it in UTF-8"),
    TEXT("is text, such as an error that a server answered with", "Download the file itself"),
    PYTORCH("is a PyTorch checkpoint", Advice.EXPORT),
    PICKLE("is a Python pickle, such as a PyTorch checkpoint", Advice.EXPORT),
    SAFETENSORS("is a safetensors file: a checkpoint, without the model's graph", Advice.EXPORT),
    ORT("is in ONNX Runtime's own format, .ort", "Give the .onnx file that it was made from"),
    TFLITE("is a TensorFlow Lite model", Advice.EXPORT),
    HDF5("is an HDF5 file, such as Keras weights", Advice.EXPORT),
    GGML("is a GGUF or ggml model", Advice.EXPORT),
    TAR("is a tar archive, which a .nemo file is too", "Unpack it, and give the ONNX export of the model"),
    ZIP("is a zip archive", Advice.UNPACK),
    COMPRESSED("is a compressed file", Advice.UNPACK);

    private static final int FIRST_BYTES = 512;
    private static final int TAR_MAGIC = 257;

    private final String what;
    private final String advice;

    FileKind(String what, String advice) {
        this.what = what;
        this.advice = advice;
    }

    private static final class Advice {
        private static final String EXPORT = "Export the model that it holds to ONNX, as the base was exported";
        private static final String UNPACK = "Unpack it, and name the folder with what was inside";
    }

    /** What the file is, as the predicate of a sentence: {@code is empty}. */
    public String what() {
        return what;
    }

    /** What to do about it, as a sentence without its full stop. */
    public String advice() {
        return advice;
    }

    /** What a file is by its first bytes; empty where they say nothing, or cannot be read. */
    public static Optional<FileKind> of(Path file) {
        byte[] first;
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            first = in.readNBytes(FIRST_BYTES);
        } catch (IOException unreadable) {
            return Optional.empty();
        }
        return of(first);
    }

    public static Optional<FileKind> of(byte[] first) {
        if (first.length == 0) {
            return Optional.of(EMPTY);
        }
        Optional<FileKind> binary = ofBinary(first, new String(first, StandardCharsets.ISO_8859_1));
        return binary.isPresent() ? binary : ofText(first);
    }

    private static Optional<FileKind> ofBinary(byte[] bytes, String first) {
        for (String magic : List.of("\u001f\u008b", "(\u00b5/\u00fd", "\u00fd7zXZ", "BZh", "7z\u00bc\u00af")) {
            if (first.startsWith(magic)) {
                return Optional.of(COMPRESSED);
            }
        }
        if (first.startsWith("\u0000\u0005\u0016\u0007")) {
            return Optional.of(APPLE_DOUBLE);
        }
        if (first.startsWith("PK\u0003\u0004")) {
            return Optional.of(first.contains("data.pkl") ? PYTORCH : ZIP);
        }
        if (first.startsWith("\u0080") && first.length() > 1 && first.charAt(1) >= 2 && first.charAt(1) <= 5) {
            return Optional.of(PICKLE);
        }
        if (first.startsWith("ORTM", 4) || first.startsWith("ORTM", 8)) {
            return Optional.of(ORT);
        }
        if (first.startsWith("TFL3", 4)) {
            return Optional.of(TFLITE);
        }
        if (first.startsWith("\u0089HDF")) {
            return Optional.of(HDF5);
        }
        if (first.startsWith("GGUF") || first.startsWith("lmgg") || first.startsWith("ggml")) {
            return Optional.of(GGML);
        }
        if (first.startsWith("ustar", TAR_MAGIC)) {
            return Optional.of(TAR);
        }
        if (bytes.length > 9 && bytes[8] == '{' && bytes[7] == 0 && bytes[6] == 0 && bytes[5] == 0) {
            return Optional.of(SAFETENSORS);
        }
        return Optional.empty();
    }

    private static Optional<FileKind> ofText(byte[] bytes) {
        if (bytes.length > 1 && (bytes[0] & bytes[1] & 0xfe) == 0xfe && bytes[0] != bytes[1]) {
            return Optional.of(UTF_16);
        }
        boolean hasMark = bytes.length > 2
                && Arrays.equals(bytes, 0, 3, new byte[] {(byte) 0xef, (byte) 0xbb, (byte) 0xbf}, 0, 3);
        String text = new String(bytes, StandardCharsets.UTF_8).substring(hasMark ? 1 : 0);
        if (text.chars().anyMatch(c -> c < ' ' && c != '\n' && c != '\r' && c != '\t')) {
            return Optional.empty();
        }
        String start = text.stripLeading().toLowerCase(Locale.ROOT);
        if (start.startsWith("version https://git-lfs")) {
            return Optional.of(LFS_POINTER);
        }
        if (start.startsWith("<!doctype html") || start.startsWith("<html") || start.startsWith("<head")) {
            return Optional.of(HTML);
        }
        if (start.startsWith("<")) {
            return Optional.of(XML);
        }
        if (start.startsWith("{") || start.startsWith("[")) {
            return Optional.of(JSON);
        }
        boolean isAscii = text.chars().allMatch(c -> c < 0x7f);
        return isAscii && !start.isEmpty() ? Optional.of(TEXT) : Optional.empty();
    }
}
