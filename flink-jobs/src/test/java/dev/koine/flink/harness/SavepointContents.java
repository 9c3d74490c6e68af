package dev.koine.flink.harness;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.memory.DataInputViewStreamWrapper;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/** Which operators a savepoint has state of, and what each calls it. */
public final class SavepointContents {
    private SavepointContents() {}

    /** The names of the states by operator id. */
    public static TreeMap<String, Set<String>> read(Path savepoint) throws IOException {
        CheckpointMetadata metadata;
        try (DataInputStream in = new DataInputStream(Files.newInputStream(savepoint.resolve("_metadata")))) {
            metadata = Checkpoints.loadCheckpointMetadata(
                    in,
                    SavepointContents.class.getClassLoader(),
                    savepoint.toUri().toString());
        }
        TreeMap<String, Set<String>> names = new TreeMap<>();
        for (OperatorState operator : metadata.getOperatorStates()) {
            Set<String> found = new TreeSet<>();
            for (OperatorSubtaskState subtask : operator.getStates()) {
                for (OperatorStateHandle handle : subtask.getManagedOperatorState()) {
                    found.addAll(handle.getStateNameToPartitionOffsets().keySet());
                }
                for (KeyedStateHandle handle : subtask.getManagedKeyedState()) {
                    addKeyed((KeyGroupsStateHandle) handle, found);
                }
            }
            names.put(operator.getOperatorID().toHexString(), found);
        }
        return names;
    }

    private static void addKeyed(KeyGroupsStateHandle handle, Set<String> found) throws IOException {
        try (FSDataInputStream in = handle.openInputStream()) {
            KeyedBackendSerializationProxy<Object> proxy =
                    new KeyedBackendSerializationProxy<>(SavepointContents.class.getClassLoader());
            proxy.read(new DataInputViewStreamWrapper(in));
            for (StateMetaInfoSnapshot state : proxy.getStateMetaInfoSnapshots()) {
                found.add(state.getName());
            }
        }
    }
}
