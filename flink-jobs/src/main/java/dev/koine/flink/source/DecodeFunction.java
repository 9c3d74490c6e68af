package dev.koine.flink.source;

import dev.koine.engine.RejectedException;
import dev.koine.flink.sink.Rejections;
import dev.koine.flink.sink.Stage;
import dev.koine.flink.state.InboundEvent;
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
    public void processElement(InboundEvent event, Context context, Collector<InboundEvent> out) {
        try {
            event.setModelId(
                    event.getTopic().equals(modelsTopic)
                            ? Events.registration(event).getModelId()
                            : Events.expert(event).getModelId());
            out.collect(event);
        } catch (RejectedException e) {
            context.output(Rejections.TAG, Rejections.of(event, null, Stage.DECODE, e));
        }
    }
}
