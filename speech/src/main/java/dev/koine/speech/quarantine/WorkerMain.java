package dev.koine.speech.quarantine;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.speech.onnx.NativeRuntime;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.LoggerFactory;

/**
 * The worker's process: reads {@link Call calls} from its standard input, a line each, and answers by {@link Reply replies} to the file
 * that its argument names. It ends as soon as its input does, whatever it is doing: so it never outlives who started it.
 */
public final class WorkerMain {
    /** A graph may be nested as deep as the runtime can follow it. */
    private static final long STACK_BYTES = 16 << 20;

    private WorkerMain() {}

    /** @param args where replies go */
    public static void main(String[] args) throws Exception {
        bindLogging();
        ObjectMapper json = new JsonMapper();
        BlockingQueue<String> calls = new LinkedBlockingQueue<>();
        OutputStream replies = Files.newOutputStream(Path.of(args[0]));
        Thread work = new Thread(null, () -> work(json, calls, replies), "koine-quarantine-worker", STACK_BYTES);
        work.setDaemon(true);
        work.start();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            calls.add(line);
        }
        Runtime.getRuntime().halt(0);
    }

    private static void work(ObjectMapper json, BlockingQueue<String> calls, OutputStream replies) {
        try {
            ReplyWriter out = new ReplyWriter(json, replies);
            try {
                out.write(Reply.ready(NativeRuntime.environment().getVersion()));
            } catch (IOException e) {
                out.write(Reply.trouble(String.valueOf(e.getMessage())));
                Runtime.getRuntime().halt(1);
            }
            WorkerCalls worker = new WorkerCalls(out);
            while (true) {
                worker.answer(json.readValue(calls.take(), Call.class));
            }
        } catch (IOException | InterruptedException e) {
            System.err.println("The worker's replies cannot be written: " + e);
            Runtime.getRuntime().halt(1);
        }
    }

    /** Without a logging backend, which a worker has none of, slf4j says so once on standard error. */
    private static void bindLogging() {
        PrintStream error = System.err;
        System.setErr(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        LoggerFactory.getILoggerFactory();
        System.setErr(error);
    }
}
