package dev.koine.lifecycle.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.MergedExpert;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContentsTest {
    private final Contents contents =
            new Contents(List.of()).with(expert("de", 3)).with(expert("ca", 1));

    @Test
    void keepsExpertsInTheOrderOfTheirIds() {
        assertThat(contents.experts()).extracting(MergedExpert::getExpertId).containsExactly("ca", "de");
        assertThat(contents.without("ca").experts()).containsExactly(expert("de", 3));
        assertThat(contents.without("nobody")).isEqualTo(contents);
    }

    @Test
    void replacesAnExpertOfTheSameId() {
        assertThat(contents.with(expert("de", 4)).experts()).containsExactly(expert("ca", 1), expert("de", 4));
    }

    @Test
    void takesNewExpertsAndHigherRevisionsOnly() {
        assertThatCode(() -> contents.requireNewer(merge("es", 1))).doesNotThrowAnyException();
        assertThatCode(() -> contents.requireNewer(merge("de", 4))).doesNotThrowAnyException();
        RejectedException same =
                catchThrowableOfType(RejectedException.class, () -> contents.requireNewer(merge("de", 3)));
        assertThat(same.code()).isEqualTo(RejectionCode.DUPLICATE);
        RejectedException older =
                catchThrowableOfType(RejectedException.class, () -> contents.requireNewer(merge("de", 2)));
        assertThat(older.code()).isEqualTo(RejectionCode.STALE_REVISION);
        assertThat(older).hasMessageContaining("above 3");
    }

    @Test
    void neitherAnExpertNorAProtectionTakesTheOthersPlace() {
        ExpertEvent protection = merge("de", 4);
        protection.setBundle(null);
        RejectedException overExpert =
                catchThrowableOfType(RejectedException.class, () -> contents.requireNewer(protection));
        assertThat(overExpert).hasMessageContaining("koine protect --name");
        MergedExpert language = expert("es", 1);
        language.setBundleDigest("");
        Contents guarded = contents.with(language);
        RejectedException overLanguage =
                catchThrowableOfType(RejectedException.class, () -> guarded.requireNewer(merge("es", 2)));
        assertThat(overLanguage).hasMessageContaining("is a language that is protected here");
    }

    @Test
    void retractsOnlyWhatIsInside() throws Exception {
        assertThat(contents.requireInside("de").getRevision()).isEqualTo(3);
        RejectedException refused = catchThrowableOfType(RejectedException.class, () -> contents.requireInside("es"));
        assertThat(refused.code()).isEqualTo(RejectionCode.NOT_MERGED);
        assertThat(refused).hasMessageContaining("[ca, de]");
    }

    private static ExpertEvent merge(String id, long revision) {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId("m")
                .setExpertId(id)
                .setRevision(revision)
                .setBundle(new Bundle("file:///models/" + id + "/", List.of()))
                .setTime(Instant.EPOCH)
                .build();
    }

    private static MergedExpert expert(String id, long revision) {
        return MergedExpert.newBuilder()
                .setExpertId(id)
                .setRevision(revision)
                .setLanguages(List.of(id))
                .setTasks(List.of())
                .setWeight(1.0)
                .setBundleDigest("sha256:b")
                .setTaskVectorDigest("sha256:t")
                .build();
    }
}
