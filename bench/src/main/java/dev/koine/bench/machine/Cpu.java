package dev.koine.bench.machine;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Map;

/** Processor time of this process, which says what work costs also on a machine that is busy with other things. */
public final class Cpu {
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private Cpu() {}

    /** User and system time of all threads so far, in seconds. */
    public static double seconds() {
        return PROCESS.getProcessCpuTime() / 1e9;
    }

    /** User and system time of each thread so far whose name begins like this, by id, in seconds. */
    public static Map<Long, Double> secondsOfThreads(String prefix) {
        Map<Long, Double> seconds = new HashMap<>();
        for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().startsWith(prefix)) {
                seconds.put(thread.getThreadId(), THREADS.getThreadCpuTime(thread.getThreadId()) / 1e9);
            }
        }
        return seconds;
    }
}
