package dev.koine.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FreePortsTest {
    @Test
    void noPortIsOneThatTheSystemGivesToOutgoingConnections() throws Exception {
        for (int i = 0; i < 3000; i++) {
            assertThat(FreePorts.row(10)).isBetween(1024, 32768 - 10);
        }
    }

    @Test
    void rowsDoNotOverlapAndPassOverWhatIsTaken() throws IOException {
        int next = FreePorts.one() + 1;
        Set<Integer> given = new HashSet<>();
        try (ServerSocket taken = new ServerSocket(next + 4, 1, InetAddress.getLoopbackAddress())) {
            for (int row = 0; row < 3; row++) {
                int first = FreePorts.row(10);
                for (int port = first; port < first + 10; port++) {
                    assertThat(port).isNotEqualTo(taken.getLocalPort());
                    assertThat(given.add(port)).isTrue();
                }
            }
        }
    }
}
