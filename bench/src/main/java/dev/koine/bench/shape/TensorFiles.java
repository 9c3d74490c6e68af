package dev.koine.bench.shape;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Fills the external data of base and expert, strip by strip on all processors; memory does not depend on the model. */
public final class TensorFiles implements AutoCloseable {
    private static final int STRIP_ELEMENTS = 1 << 20;

    private final Path target;
    private final Element element;
    private final Map<Path, FileChannel> channels = new HashMap<>();

    private record Strip(ShapedTensor tensor, int from, int count) {}

    public TensorFiles(Path target, Element element) {
        this.target = target;
        this.element = element;
    }

    public void write(List<ShapedTensor> tensors) throws Exception {
        for (ShapedTensor tensor : tensors) {
            open(base(tensor));
            open(expert(tensor));
        }
        List<Strip> strips = strips(tensors);
        AtomicInteger next = new AtomicInteger();
        int threads = Runtime.getRuntime().availableProcessors();
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        List<Future<Void>> workers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            Callable<Void> worker = () -> {
                work(strips, next);
                return null;
            };
            workers.add(executor.submit(worker));
        }
        executor.shutdown();
        for (Future<Void> worker : workers) {
            worker.get();
        }
    }

    private static List<Strip> strips(List<ShapedTensor> tensors) {
        List<Strip> strips = new ArrayList<>();
        for (ShapedTensor tensor : tensors) {
            int rows = Math.max(1, STRIP_ELEMENTS / tensor.columns());
            int step = tensor.isMatrix() ? rows * tensor.columns() : STRIP_ELEMENTS;
            for (int from = 0; from < tensor.numel(); from += step) {
                strips.add(new Strip(tensor, from, Math.min(step, tensor.numel() - from)));
            }
        }
        return strips;
    }

    private void work(List<Strip> strips, AtomicInteger next) throws IOException {
        float[] base = new float[STRIP_ELEMENTS];
        float[] expert = new float[STRIP_ELEMENTS];
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(STRIP_ELEMENTS * element.bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = next.getAndIncrement(); i < strips.size(); i = next.getAndIncrement()) {
            Strip strip = strips.get(i);
            ShapedTensor tensor = strip.tensor();
            tensor.fill(strip.from(), strip.count(), base, expert);
            long position = tensor.offset() + (long) strip.from() * element.bytes;
            element.encode(base, strip.count(), bytes);
            writeFully(channel(base(tensor)), bytes, position);
            element.encode(expert, strip.count(), bytes);
            writeFully(channel(expert(tensor)), bytes, position);
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    private Path base(ShapedTensor tensor) {
        return target.resolve("base").resolve(tensor.file());
    }

    private Path expert(ShapedTensor tensor) {
        return target.resolve("expert").resolve(tensor.file());
    }

    private void open(Path file) throws IOException {
        if (!channels.containsKey(file)) {
            channels.put(file, FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        }
    }

    private FileChannel channel(Path file) {
        FileChannel channel = channels.get(file);
        if (channel == null) {
            throw new IllegalStateException(file + " is not open");
        }
        return channel;
    }

    @Override
    public void close() throws IOException {
        for (FileChannel channel : channels.values()) {
            channel.close();
        }
    }
}
