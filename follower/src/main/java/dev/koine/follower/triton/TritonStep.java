package dev.koine.follower.triton;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.Example;
import dev.koine.follower.Occasion;
import dev.koine.follower.Placed;
import dev.koine.follower.Step;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Has Triton serve a version: each ONNX file is a model of its own, {@code <model>-<file>}, in a repository {@code models} beside the versions, which Triton was started with
 * in EXPLICIT mode. A version that is new is tried first, under names that end in {@code -trial}, beside what is served: loaded, asked once, and compared with what
 * it answers here. Then all of its models are configured, loaded, awaited and asked once more, and what the one before had is taken away. To go back is the
 * same with the version before.
 *
 * <p>Triton's version is Koine's and one: it knows none below 1.
 */
public final class TritonStep implements Step {
    private static final String TRIAL = "-trial";

    private final ModelRepository repository;
    private final TritonClient triton;
    private final Instances instances;
    private final ExampleSource examples;

    /**
     * @param folder of versions and link
     * @param atMost how long one call may take, such as a load
     * @param examples what models have to answer
     */
    public TritonStep(Path folder, URI url, Instances instances, Duration atMost, ExampleSource examples) {
        this.repository =
                new ModelRepository(repository(folder), folder.resolve(".koine").resolve("triton"));
        this.triton = new TritonClient(url, atMost);
        this.instances = instances;
        this.examples = examples;
    }

    /** The model repository in a folder of versions. */
    public static Path repository(Path folder) {
        return folder.resolve("models");
    }

    @Override
    public void take(Occasion occasion) throws StepFailedException, IOException, InterruptedException {
        Placed version = occasion.version();
        List<ModelFile> files = ModelFile.of(version.directory());
        List<ModelConfiguration> served = configured(version, files, "");
        repository.open();
        if (occasion.failure() == null && isNew(served)) {
            List<ModelConfiguration> tried = configured(version, files, TRIAL);
            try {
                serve(tried, version);
            } finally {
                for (ModelConfiguration trial : tried) {
                    takeAway(trial.model());
                }
            }
        }
        serve(served, version);
        for (ModelConfiguration model : served) {
            repository.keepOnly(model);
        }
        List<String> names = served.stream().map(ModelConfiguration::model).toList();
        for (String left : repository.own()) {
            if (!names.contains(left)) {
                takeAway(left);
            }
        }
    }

    /** The first version has nothing beside it that would be served better, and one that is configured already was tried. */
    private boolean isNew(List<ModelConfiguration> served) throws IOException {
        boolean isConfigured = true;
        for (ModelConfiguration model : served) {
            isConfigured &= repository.has(model);
        }
        return !isConfigured && !repository.isEmpty();
    }

    private void serve(List<ModelConfiguration> models, Placed version)
            throws StepFailedException, IOException, InterruptedException {
        for (ModelConfiguration model : models) {
            repository.place(model);
        }
        for (ModelConfiguration model : models) {
            repository.configure(model);
        }
        for (ModelConfiguration model : models) {
            triton.load(model.model());
        }
        for (ModelConfiguration model : models) {
            triton.awaitReady(model.model(), model.version());
            ask(model, version.directory());
        }
    }

    private void ask(ModelConfiguration model, Path directory)
            throws StepFailedException, IOException, InterruptedException {
        Example example;
        try {
            example = examples.of(directory, model.file().path());
        } catch (RejectedException e) {
            throw new StepFailedException(String.valueOf(e.getMessage()));
        }
        Comparison.require(
                "Triton's " + model.model(),
                example.outputs(),
                triton.infer(model.model(), model.version(), example.inputs()));
    }

    private void takeAway(String model) throws StepFailedException, IOException, InterruptedException {
        if (repository.own().contains(model)) {
            triton.unload(model);
            repository.remove(model);
        }
    }

    private List<ModelConfiguration> configured(Placed version, List<ModelFile> files, String suffix) {
        String model = named(version.update().getModelId());
        List<ModelConfiguration> configured = new ArrayList<>();
        for (ModelFile file : files) {
            String name = model + "-" + named(file.path()) + suffix;
            configured.add(new ModelConfiguration(name, Math.addExact(version.version(), 1), file, instances));
        }
        return configured;
    }

    /** As a folder and a part of a URL is called. */
    private static String named(String text) {
        return text.replaceAll("[^A-Za-z0-9._-]", "_");
    }
}
