package dev.koine.flink.harness;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;

/** Everything that this process logs from INFO up, exceptions and their causes with it. */
public final class CapturedLog implements AutoCloseable {
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final LoggerContext context = (LoggerContext) LogManager.getContext(false);
    private final AbstractAppender appender;

    private CapturedLog() {
        appender = new AbstractAppender("captured", null, null, false, Property.EMPTY_ARRAY) {
            @Override
            public void append(LogEvent event) {
                lines.add(event.getMessage().getFormattedMessage());
                for (Throwable e = event.getThrown(); e != null; e = e.getCause()) {
                    lines.add(e.toString());
                }
            }
        };
    }

    public static CapturedLog start() {
        CapturedLog log = new CapturedLog();
        Configurator.setAllLevels(LogManager.ROOT_LOGGER_NAME, Level.INFO);
        log.appender.start();
        LoggerConfig root = log.context.getConfiguration().getRootLogger();
        root.getAppenders().forEach((name, usual) -> {
            root.removeAppender(name);
            root.addAppender(usual, Level.WARN, null);
        });
        root.addAppender(log.appender, Level.INFO, null);
        log.context.updateLoggers();
        return log;
    }

    public Queue<String> lines() {
        return lines;
    }

    @Override
    public void close() {
        context.reconfigure();
    }
}
