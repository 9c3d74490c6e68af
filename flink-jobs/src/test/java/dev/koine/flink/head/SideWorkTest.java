package dev.koine.flink.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class SideWorkTest {
    @Test
    void whoBeginsGoesOnAndFetchesTheResultOnce() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        try (SideWork<String> work = new SideWork<>()) {
            work.begin("de", () -> {
                go.await();
                return "done";
            });
            assertThat(work.isUnderWay("de")).isTrue();
            assertThat(work.isUnderWay("ca")).isFalse();
            assertThat(work.fetch("de")).isNull();
            assertThatThrownBy(() -> work.begin("de", () -> "more")).isInstanceOf(IllegalStateException.class);
            go.countDown();
            assertThat(await(work, "de")).isEqualTo("done");
            assertThat(work.isUnderWay("de")).isFalse();
            assertThat(work.fetch("de")).isNull();
        }
    }

    @Test
    void failuresComeOutWhereTheResultWould() throws Exception {
        try (SideWork<String> work = new SideWork<>()) {
            work.begin("de", () -> {
                throw new IOException("no space left");
            });
            assertThatThrownBy(() -> await(work, "de"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("'de'", "no space left");
            work.begin("de", () -> {
                throw new IllegalArgumentException("a defect");
            });
            assertThatThrownBy(() -> await(work, "de")).isInstanceOf(IllegalArgumentException.class);
            work.begin("de", () -> "well");
            assertThat(await(work, "de")).isEqualTo("well");
        }
    }

    @Test
    void closingInterruptsAndWaits() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicBoolean ended = new AtomicBoolean();
        SideWork<String> work = new SideWork<>();
        work.begin("de", () -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
                return "never";
            } finally {
                ended.set(true);
            }
        });
        begun.await();
        work.close();
        assertThat(ended).isTrue();
    }

    private static String await(SideWork<String> work, String key) throws Exception {
        String result = work.fetch(key);
        while (result == null) {
            Thread.sleep(1);
            result = work.fetch(key);
        }
        return result;
    }
}
