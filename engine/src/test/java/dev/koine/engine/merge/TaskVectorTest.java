package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.store.LocalStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskVectorTest {
    @TempDir
    Path directory;

    @Test
    void comesBackFromTheStore() throws Exception {
        LocalStore store = LocalStore.open(directory);
        TaskVector vector = new TaskVector("sha256:b", "sha256:e", List.of("sha256:1", "sha256:2"));
        String digest = vector.put(store);
        assertThat(TaskVector.get(store, digest)).isEqualTo(vector);
        assertThat(vector.put(store)).isEqualTo(digest);
        assertThat(new TaskVector("sha256:b", "sha256:e", List.of("sha256:2", "sha256:1")).put(store))
                .isNotEqualTo(digest);
        assertThatThrownBy(() -> TaskVector.get(store, "sha256:" + "0".repeat(64)))
                .isInstanceOf(NoSuchFileException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{\"format\":1}",
                "{\"format\":1,\"pieces\":[]}",
                "{\"format\":3,\"base\":\"b\",\"expert\":\"e\",\"pieces\":[]}",
                "{\"format\":2,\"base\":\"b\",\"expert\":\"\",\"pieces\":[\"sha256:1\"]}",
                "{\"format\":2,\"base\":\"b\",\"expert\":\"\",\"pieces\":[\"sha256:1\"],\"factors\":[0.5,0.5]}",
                "{\"format\":1,\"base\":\"b\",\"expert\":\"e\",\"pieces\":[\"sha256:1\"],\"factors\":[0.5]}",
                "{\"format\":1,\"base\":\"b\",\"expert\":\"e\",\"pieces\":[null]}"
            })
    void anUnreadableOneIsTroubleOfTheStore(String json) throws Exception {
        LocalStore store = LocalStore.open(directory);
        String digest = store.<IOException>put(file -> Files.writeString(file, json));
        assertThatThrownBy(() -> TaskVector.get(store, digest)).isInstanceOf(IOException.class);
    }
}
