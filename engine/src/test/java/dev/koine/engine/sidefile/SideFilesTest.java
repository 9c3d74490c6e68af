package dev.koine.engine.sidefile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SideFilesTest {
    @TempDir
    Path directory;

    @Test
    void aTokenThatMeansAnotherLetterIsRefused() throws Exception {
        RejectedException refusal =
                refusal("vocab.json", "{\"a\": 0, \"b\": 1, \"_\": 2}", "{\"α\": 0, \"β\": 1, \"_\": 2}");
        assertThat(refusal.code()).isEqualTo(RejectionCode.SIDE_FILE_MISMATCH);
        assertThat(refusal)
                .hasMessageContaining("'vocab.json'")
                .hasMessageContaining("token 0 is 'a' in the base and 'α' in the expert")
                .hasMessageContaining("put the base's file in its place");
    }

    @Test
    void orderSpacesAndEscapesMeanNothing() throws Exception {
        assertSame("vocab.json", "{\"a\": 0, \"ä\": 1}", "{\n  \"\\u00e4\":1.0,\n  \"a\":0\n}\n");
        assertSame("tokens.txt", "<blk> 0\na 1\n", "a 1\r\n<blk>\t0\r\n\r\n");
        assertSame("merges.txt", "#version: 0.2\nh e\nhe l\n", "h e\nhe l");
    }

    /** As editors on Windows save: a byte order mark, UTF-16, other line ends. */
    @Test
    void theEncodingMeansNothing() throws Exception {
        String vocabulary = "{\n  \"ä\": 0,\n  \"b\": 1\n}\n";
        assertSame("vocab.json", vocabulary, "\ufeff" + vocabulary.replace("\n", "\r\n"));
        assertSame("config.json", "{\"num_mel_bins\": 80}", "\ufeff{\r\n\t\"num_mel_bins\": 80\r\n}");
        for (String file : List.of("tokens.txt", "merges.txt", "labels.txt")) {
            assertSame(file, "ä b\nc d\n", "\ufeffä b\r\nc d\r\n");
        }
        assertThat(refusal("vocab.json", vocabulary, "\ufeff{\"a\": 0, \"b\": 1}"))
                .hasMessageContaining("token 0");
        Path ours = Files.createTempDirectory(directory, "base");
        Path theirs = Files.createTempDirectory(directory, "expert");
        Files.writeString(ours.resolve("vocab.json"), vocabulary);
        Files.writeString(theirs.resolve("vocab.json"), "\ufeff" + vocabulary, StandardCharsets.UTF_16LE);
        SideFiles.requireSameMeaning(ours, List.of("vocab.json"), theirs, List.of("vocab.json"));
    }

    /** Its first bytes say UTF-32, and then it is none: no trouble of ours. */
    @Test
    void whatIsNoTextIsComparedByItsBytes() throws Exception {
        Path ours = Files.createTempDirectory(directory, "base");
        Path theirs = Files.createTempDirectory(directory, "expert");
        Files.writeString(ours.resolve("vocab.json"), "{\"a\": 0}");
        Files.write(theirs.resolve("vocab.json"), new byte[] {'?', 0, 0, 0, 0, 0, 0, 0, '1', 'p', '"', ':'});
        assertThatThrownBy(
                        () -> SideFiles.requireSameMeaning(ours, List.of("vocab.json"), theirs, List.of("vocab.json")))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("they differ from byte 0 on");
    }

    @Test
    void aTokenThatHasNoMeaningInTheBaseIsRefusedAndOneLessIsNot() throws Exception {
        assertThat(refusal("vocab.json", "{\"a\": 0}", "{\"a\": 0, \"ä\": 1}"))
                .hasMessageContaining("token 1 is nothing in the base and 'ä' in the expert");
        compare("vocab.json", "{\"a\": 0, \"ä\": 1}", "{\"a\": 0}");
    }

    /** Files that transformers 4.26 and 4.57 write for one Whisper tokenizer. */
    @Test
    void aWhisperTokenizerThatANewerReleaseSavedIsTheSame() throws Exception {
        assertSame(
                "added_tokens.json",
                "{\"<|cs|>\": 50283}",
                "{\"<|0.00|>\": 50364, \"<|29.98|>\": 51863, \"<|cs|>\": 50283}");
        assertSame("tokenizer.json", """
                {"version": "1.0", "truncation": null, "added_tokens": [{"id": 3, "content": "<|cs|>", "special": true}],
                 "normalizer": null, "decoder": {"type": "ByteLevel", "add_prefix_space": true},
                 "model": {"type": "BPE", "dropout": null, "vocab": {"h": 0, "e": 1, "he": 2}, "merges": ["h e"]}}
                """, """
                {"model": {"type": "BPE", "vocab": {"e": 1, "h": 0, "he": 2}, "merges": [["h", "e"]], "byte_fallback": false},
                 "decoder": {"type": "ByteLevel", "use_regex": true, "add_prefix_space": false}, "version": "1.0",
                 "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|cs|>"}}]},
                 "added_tokens": [{"content": "<|cs|>", "normalized": false, "id": 3}, {"content": "<|0.00|>", "id": 4}]}
                """);
        assertSame("config.json", """
                {"_name_or_path": "openai/whisper-tiny", "transformers_version": "4.26.0", "model_type": "whisper",
                 "is_encoder_decoder": true, "forced_decoder_ids": [[1, 50259]], "eos_token_id": 50257, "pad_token_id": 50257}
                """, """
                {"_name_or_path": "./out", "transformers_version": "4.57.0", "model_type": "whisper", "dropout": 0.1,
                 "is_encoder_decoder": true, "forced_decoder_ids": null, "eos_token_id": 50257, "pad_token_id": 50256}
                """);
        assertSame(
                "special_tokens_map.json", "{\"eos_token\": \"<|e|>\"}", "{\"eos_token\": {\"content\": \"<|e|>\"}}");
        assertSame(
                "preprocessor_config.json",
                "{\"sampling_rate\": 16000, \"mel_filters\": [[0.1]]}",
                "{\"sampling_rate\": 16000}");
    }

    @Test
    void otherSettingsOfInputsAndOutputsAreRefused() throws Exception {
        assertThat(refusal("config.json", "{\"blank_token_id\": 0}", "{\"blank_token_id\": 27}"))
                .hasMessageContaining("'blank_token_id' is '0' in the base and '27' in the expert");
        assertThat(refusal("config.json", "{\"pad_token_id\": 0}", "{\"pad_token_id\": 27}"))
                .hasMessageContaining("pad_token_id");
        assertThat(refusal("config.json", "{\"id2label\": {\"0\": \"yes\"}}", "{\"id2label\": {\"0\": \"no\"}}"))
                .hasMessageContaining("id2label 0");
        assertThat(refusal("preprocessor_config.json", "{\"sampling_rate\": 16000}", "{\"sampling_rate\": 8000}"))
                .hasMessageContaining("8000");
        assertThat(refusal(
                        "generation_config.json",
                        "{\"lang_to_id\": {\"<|cs|>\": 7}}",
                        "{\"lang_to_id\": {\"<|cs|>\": 8}}"))
                .hasMessageContaining("<|cs|>");
        assertThat(refusal(
                        "tokenizer_config.json",
                        "{\"added_tokens_decoder\": {\"5\": {\"content\": \"a\"}}}",
                        "{\"added_tokens_decoder\": {\"5\": {\"content\": \"b\"}}}"))
                .hasMessageContaining("token 5");
    }

    @Test
    void otherTokenizersAreRefused() throws Exception {
        assertThat(refusal("tokenizer.json", tokenizer("\"he\": 2", "h e"), tokenizer("\"eh\": 2", "h e")))
                .hasMessageContaining("token 2 is 'he' in the base and 'eh' in the expert");
        assertThat(refusal("tokenizer.json", tokenizer("\"he\": 2", "h e"), tokenizer("\"he\": 2", "e h")))
                .hasMessageContaining("merge 0");
        String unigram = "{\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"<unk>\", 0], [\"%s\", -1.5]]}}";
        assertThat(refusal("tokenizer.json", unigram.formatted("a"), unigram.formatted("b")))
                .hasMessageContaining("token 1");
        assertThat(refusal("lang/tokens.txt", "<blk> 0\na 1\n", "<blk> 0\nb 1\n"))
                .hasMessageContaining("token 1");
        assertThat(refusal("vocab.txt", "a\nb\n", "b\na\n")).hasMessageContaining("line 1 is 'a'");
        assertThat(refusal("multilingual.tiktoken", "IQ== 0\nIg== 1\n", "IQ== 0\nIw== 1\n"))
                .hasMessageContaining("token 1 is 'Ig=='");
        assertThat(refusal("tokenizer.model", "one", "two")).hasMessageContaining("from byte 0 on");
    }

    @Test
    void whatOnlyOneHasAndWhatHasNoMeaningIsNotCompared() throws Exception {
        assertSame("README.md", "one", "two");
        assertSame("normalizer.json", "{\"colour\": \"color\"}", "{}");
        Path base = Files.createTempDirectory(directory, "base");
        Files.writeString(base.resolve("vocab.json"), "{\"a\": 0}");
        Path expert = Files.createTempDirectory(directory, "expert");
        assertThatCode(() -> {
                    SideFiles.requireSameMeaning(base, List.of("vocab.json"), expert, List.of());
                    SideFiles.requireSameMeaning(expert, List.of(), base, List.of("vocab.json"));
                })
                .doesNotThrowAnyException();
    }

    @Test
    void hostileJsonIsRefusedAndCostsLittle() throws Exception {
        String deep = "[".repeat(1 << 20);
        assertThat(refusal("vocab.json", "{\"a\": 0}", deep)).hasMessageContaining("not JSON or too large");
        String digits = "{\"a\": " + "9".repeat(1 << 20) + "}";
        assertThat(refusal("vocab.json", "{\"a\": 0}", digits)).hasMessageContaining("not JSON or too large");
        assertThat(refusal("vocab.json", "{\"a\": 0}", "{\"a\": 1e999999999}")).hasMessageContaining("1E+999999999");
        assertThat(refusal("vocab.json", "{\"a\": 0}", "{\"a\": 0, \"a\": 1}")).hasMessageContaining("token 1");
        StringBuilder many = new StringBuilder("{");
        for (int i = 0; i < 500_000; i++) {
            many.append('"').append(i).append("\":").append(i).append(',');
        }
        assertThat(refusal("vocab.json", "{\"a\": 0}", many.append("\"a\":0}").toString()))
                .hasMessageContaining("too large");
        assertSame("vocab.json", deep, deep);
    }

    private static String tokenizer(String token, String merge) {
        return "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"h\": 0, \"e\": 1, " + token + "}, \"merges\": [\"" + merge
                + "\"]}}";
    }

    private void assertSame(String file, String base, String expert) throws Exception {
        compare(file, base, expert);
        compare(file, expert, base);
    }

    private RejectedException refusal(String file, String base, String expert) {
        return catchThrowableOfType(RejectedException.class, () -> compare(file, base, expert));
    }

    private void compare(String file, String base, String expert) throws RejectedException, IOException {
        Path ours = Files.createTempDirectory(directory, "base");
        Path theirs = Files.createTempDirectory(directory, "expert");
        Files.createDirectories(ours.resolve(file).getParent());
        Files.createDirectories(theirs.resolve(file).getParent());
        Files.writeString(ours.resolve(file), base);
        Files.writeString(theirs.resolve(file), expert);
        SideFiles.requireSameMeaning(ours, List.of(file), theirs, List.of(file));
    }
}
