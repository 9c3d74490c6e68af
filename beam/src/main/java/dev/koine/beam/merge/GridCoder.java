package dev.koine.beam.merge;

import dev.koine.engine.linalg.Grid;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** A {@link Grid} in bytes. */
final class GridCoder extends VersionedCoder<Grid> {
    private static final long serialVersionUID = 1L;

    GridCoder() {
        super(1);
    }

    @Override
    void write(Grid value, DataOutputStream out) throws IOException {
        out.writeDouble(value.step());
        out.writeBoolean(value.wide());
    }

    @Override
    Grid read(DataInputStream in) throws IOException {
        return new Grid(in.readDouble(), in.readBoolean());
    }
}
