package dev.koine.follower;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files of the announced bundle: hard links to the verified copy, so that they take no room of their own. */
final class BundleContents implements Contents {
    private static final Logger LOG = LoggerFactory.getLogger(BundleContents.class);

    @Override
    public String name() {
        return "onnx";
    }

    @Override
    public void write(ModelUpdate update, Path files, Path made, String name) throws IOException {
        for (BundleFile file : bundle(update).files()) {
            Path to = made.resolve(file.path());
            Files.createDirectories(to.getParent());
            DurableFiles.link(files.resolve(file.path()), to);
        }
        DurableFiles.forceFolders(made);
    }

    @Override
    public boolean isWhole(ModelUpdate update, Path directory) throws IOException {
        Bundle bundle = bundle(update);
        try {
            BundleVerifier.verifyOwn(bundle, directory);
            return FileTree.files(directory).size() == bundle.files().size();
        } catch (RejectedException e) {
            LOG.warn("{} is not the version that it should be: {}", directory, e.getMessage());
            return false;
        }
    }

    @Override
    public void forget(String name) {}

    private static Bundle bundle(ModelUpdate update) throws IOException {
        try {
            return Bundles.of(update);
        } catch (RejectedException e) {
            throw new IOException("A bundle was fetched that cannot be: " + e.getMessage(), e);
        }
    }
}
