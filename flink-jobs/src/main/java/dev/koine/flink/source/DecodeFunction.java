package dev.koine.flink.source;

import dev.koine.engine.RejectedException;
import dev.koine.events.registry.EventFormat;
import dev.koine.flink.metric.FlinkInstruments;
import dev.koine.flink.sink.Outputs;
import dev.koine.flink.state.InboundEvent;
import dev.koine.lifecycle.event.Events;
import dev.koine.lifecycle.event.Rejections;
import dev.koine.lifecycle.event.Stage;
import dev.koine.lifecycle.input.Faults;
import dev.koine.lifecycle.metric.EventMetrics;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Decodes each event as far as its model id, which the stream is keyed by from here on. An event with a schema registry's header goes on
 * in Koine's own encoding, so that the registry is asked here only.
 */
public final class DecodeFunction extends ProcessFunction<InboundEvent, InboundEvent> {
    private static final long serialVersionUID = 1L;

    private final String modelsTopic;
    private final HashMap<String, String> clientProperties;
    private transient EventFormat format;
    private transient EventMetrics metrics;

    /**
     * @param modelsTopic the topic with registrations; every other one has expert events
     * @param clientProperties of the consumer
     */
    public DecodeFunction(String modelsTopic, Map<String, String> clientProperties) {
        this.modelsTopic = modelsTopic;
        this.clientProperties = new HashMap<>(clientProperties);
    }

    @Override
    public void open(OpenContext context) {
        format = EventFormat.of(clientProperties);
        metrics = new EventMetrics(new FlinkInstruments(getRuntimeContext().getMetricGroup()));
    }

    @Override
    public void processElement(InboundEvent event, Context context, Collector<InboundEvent> out) throws IOException {
        try {
            Faults.contain("an event", () -> decode(event));
        } catch (RejectedException e) {
            context.output(Outputs.REJECTIONS, Rejections.of(event, null, Stage.DECODE, e, Instant.now()));
            metrics.rejected(null, e.code().name());
            return;
        }
        out.collect(event);
    }

    private SpecificRecord decode(InboundEvent event) throws RejectedException, IOException {
        Events.translate(event, event.getTopic().equals(modelsTopic), format);
        return event.getTopic().equals(modelsTopic) ? Events.registration(event) : Events.expert(event);
    }
}
