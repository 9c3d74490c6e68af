package dev.koine.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** Processor time of this process, which says what work costs also on a machine that is busy with other things. */
final class Cpu {
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private Cpu() {}

    /** User and system time of all threads so far, in seconds. */
    static double seconds() {
        return PROCESS.getProcessCpuTime() / 1e9;
    }
}
