package dev.koine.speech.quarantine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerCommandTest {
    @TempDir
    Path directory;

    /** As a TaskManager keeps the jars of jobs: below a folder with its host and port in its name. */
    @Test
    void classesMayComeFromAPlaceWithAColonInItsName() throws Exception {
        List<URL> places = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            places.add(copy(Path.of(entry)).toUri().toURL());
        }
        try (URLClassLoader loader =
                new URLClassLoader(places.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> limits = loader.loadClass(QuarantineLimits.class.getName());
            Class<?> type = loader.loadClass(Quarantine.class.getName());
            assertThat(type).isNotSameAs(Quarantine.class);
            Object quarantine = type.getConstructor(limits)
                    .newInstance(limits.getField("DEFAULT").get(null));
            type.getMethod("prepare").invoke(quarantine);
            type.getMethod("close").invoke(quarantine);
        }
    }

    private Path copy(Path place) throws Exception {
        Path parent = Files.createTempDirectory(directory, "tm_localhost:6123-%41 ");
        if (!Files.isDirectory(place)) {
            return Files.copy(place, parent.resolve("blob"));
        }
        try (Stream<Path> paths = Files.walk(place)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Path target = parent.resolve("classes").resolve(place.relativize(path));
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, target);
                }
            }
        }
        return parent.resolve("classes");
    }
}
