package dev.koine.flink.source;

import dev.koine.engine.RejectedException;
import dev.koine.flink.Faults;
import dev.koine.flink.sink.Rejections;
import dev.koine.flink.sink.Stage;
import dev.koine.flink.state.InboundEvent;
import java.io.IOException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Decodes each event as far as its model id, which the stream is keyed by from here on. */
public final class DecodeFunction extends ProcessFunction<InboundEvent, InboundEvent> {
    private static final long serialVersionUID = 1L;

    private final String modelsTopic;

    /** @param modelsTopic the topic with registrations; every other one has expert events */
    public DecodeFunction(String modelsTopic) {
        this.modelsTopic = modelsTopic;
    }

    @Override
    public void processElement(InboundEvent event, Context context, Collector<InboundEvent> out) throws IOException {
        try {
            Faults.contain("an event", () -> decode(event));
        } catch (RejectedException e) {
            context.output(Rejections.TAG, Rejections.of(event, null, Stage.DECODE, e));
            return;
        }
        out.collect(event);
    }

    private SpecificRecord decode(InboundEvent event) throws RejectedException {
        return event.getTopic().equals(modelsTopic) ? Events.registration(event) : Events.expert(event);
    }
}
