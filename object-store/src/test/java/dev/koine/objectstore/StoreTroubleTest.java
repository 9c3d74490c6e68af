package dev.koine.objectstore;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class StoreTroubleTest {
    @Test
    void whereFlinksPluginDoesNotRunTheJavaToTakeIsNamed() {
        IOException trouble = new IOException(new UnsupportedOperationException("getSubject is not supported"));
        assertThat(StoreTrouble.sentence(trouble)).contains("run this on Java 17");
    }

    @Test
    void whatIsNotKnownIsToldAsItIs() {
        assertThat(StoreTrouble.sentence(new IOException("the disk is full"))).isEqualTo("the disk is full");
    }
}
