package dev.koine.e2e.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stands before a server and lets its clients through, or not. */
public final class FaultyProxy implements AutoCloseable {
    private static final int CUT_AFTER_BYTES = 40_000;
    private static final String UNAVAILABLE =
            "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    private final ServerSocket entrance;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile Mode mode = Mode.PASS;

    /** What becomes of connections. */
    public enum Mode {
        PASS,
        /** Each request is answered with 503. */
        UNAVAILABLE,
        /** Connections are closed as soon as they are made. */
        REFUSE,
        /** Connections end in the middle of larger transfers, in either direction. */
        CUT,
        /** Nothing is answered. */
        STALL
    }

    private FaultyProxy(ServerSocket entrance, int target) {
        this.entrance = entrance;
        this.target = target;
    }

    /** Listens on a free port of the loopback address. */
    public static FaultyProxy before(int target) throws IOException {
        FaultyProxy proxy = new FaultyProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), target);
        begin("s3-proxy", proxy::accept);
        return proxy;
    }

    public int port() {
        return entrance.getLocalPort();
    }

    /** Changes what becomes of connections; those that are open end. */
    public void set(Mode next) {
        mode = next;
        open.forEach(FaultyProxy::closeQuietly);
    }

    private void accept() throws IOException {
        while (!entrance.isClosed()) {
            Socket client = entrance.accept();
            open.add(client);
            begin("s3-proxy-connection", () -> serve(client, mode));
        }
    }

    private void serve(Socket client, Mode now) throws IOException {
        switch (now) {
            case REFUSE -> close(client);
            case STALL -> open.add(client);
            case UNAVAILABLE -> {
                readHead(client.getInputStream());
                client.getOutputStream().write(UNAVAILABLE.getBytes(StandardCharsets.US_ASCII));
                close(client);
            }
            default -> connect(client, now == Mode.CUT ? CUT_AFTER_BYTES : Long.MAX_VALUE);
        }
    }

    private void connect(Socket client, long most) throws IOException {
        Socket server;
        try {
            server = new Socket(InetAddress.getLoopbackAddress(), target);
        } catch (IOException down) {
            close(client);
            return;
        }
        open.add(server);
        begin("s3-proxy-requests", () -> pump(client, server, most));
        begin("s3-proxy-answers", () -> pump(server, client, most));
    }

    private void pump(Socket from, Socket to, long most) {
        byte[] buffer = new byte[8192];
        long left = most;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int n = in.read(buffer); n >= 0 && left > 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
                left -= n;
            }
        } catch (IOException ended) {
            left = 0;
        } finally {
            close(from);
            close(to);
        }
    }

    private static void readHead(InputStream in) throws IOException {
        int ends = 0;
        for (int b = in.read(); b >= 0 && ends < 2; b = ends < 2 ? in.read() : -1) {
            ends = b == '\n' ? ends + 1 : b == '\r' ? ends : 0;
        }
    }

    private void close(Socket socket) {
        open.remove(socket);
        closeQuietly(socket);
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void begin(String name, Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException ended) {
                        return;
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    @Override
    public void close() throws IOException {
        entrance.close();
        open.forEach(FaultyProxy::closeQuietly);
    }
}
