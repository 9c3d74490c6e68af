package dev.koine.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports of 127.0.0.1 for servers that are killed and started again. They lie below those that the system gives to outgoing connections (from 32768 on
 * with Linux's settings): of a port among these, a client that calls a server that is down may itself become the holder.
 */
public final class FreePorts {
    private static final int FIRST = 20000;
    private static final int END = 32000;

    /** Where JVMs that run at the same time begin to look differs; within one, no port is given twice before all were. */
    private static final AtomicInteger NEXT =
            new AtomicInteger((int) (ProcessHandle.current().pid() * 211 % (END - FIRST)));

    private FreePorts() {}

    /** One port where nothing listens now. */
    public static int one() throws IOException {
        return row(1);
    }

    /**
     * The first of as many ports in a row.
     *
     * @throws IOException if there is no such row
     */
    public static int row(int count) throws IOException {
        for (int tries = 0; tries < END - FIRST; tries += count) {
            int first = FIRST + NEXT.getAndAdd(count) % (END - FIRST);
            if (isFree(first, count)) {
                return first;
            }
        }
        throw new IOException("There are no " + count + " free ports in a row from " + FIRST + " to " + END + ".");
    }

    private static boolean isFree(int first, int count) {
        for (int port = first; port < first + count; port++) {
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            } catch (IOException taken) {
                return false;
            }
        }
        return true;
    }
}
