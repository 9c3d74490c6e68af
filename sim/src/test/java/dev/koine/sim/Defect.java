package dev.koine.sim;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Disk;
import dev.koine.engine.store.ForwardingDisk;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.intake.Intake;
import dev.koine.sim.job.Parts;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What could be wrong, put round the real parts one at a time, to see that the simulator sees it. */
enum Defect {
    REJECTION_LOST("one kind of rejection is not given out", () -> new Parts() {
        @Override
        public Intake.Output intakeOutput(Intake.Output output) {
            return new LossyOutput(output);
        }
    }),
    ANNOUNCED_BEFORE_RECORD("a version is announced, and recorded with the next thing that is", () -> new Parts() {
        @Override
        public ArtifactStore store(ArtifactStore store, InstantSource clock) {
            return new LateRecords(store);
        }
    }),
    HEAD_APPLIED_TWICE("after a start Head has what it had, and its turns come again", () -> new Parts() {
        @Override
        public boolean keepsHeadState() {
            return true;
        }
    }),
    EVENT_READ_TWICE("after a start the source goes back one record too far", () -> new Parts() {
        @Override
        public int rewindsTooFar() {
            return 1;
        }
    }),
    PIECES_TWICE("after a start pieces that were on their way come twice", () -> new Parts() {
        @Override
        public boolean repeatsPieces() {
            return true;
        }
    }),
    CHANNELS_LOST("checkpoints leave out what is between operators", () -> new Parts() {
        @Override
        public boolean losesChannels() {
            return true;
        }
    }),
    WAITING_FORGOTTEN("after a start nobody knows of events that wait for their model", () -> new Parts() {
        @Override
        public String forgotten() {
            return "waiting";
        }
    }),
    COMMITTED_EARLY("outcomes are committed when they are pre-committed", () -> new Parts() {
        @Override
        public boolean commitsEarly() {
            return true;
        }
    }),
    PREPARED_ABORTED("after a start the transactions of the last checkpoint are aborted", () -> new Parts() {
        @Override
        public boolean abortsPrepared() {
            return true;
        }
    }),
    NO_GRACE(90, "the collector has no grace", () -> new Parts() {
        @Override
        public RetentionPolicy retention(RetentionPolicy policy) {
            return new RetentionPolicy(policy.versions(), policy.age(), policy.experts(), Duration.ZERO);
        }
    }),
    ONE_VERSION_LESS("the collector keeps two versions fewer", () -> new Parts() {
        @Override
        public RetentionPolicy retention(RetentionPolicy policy) {
            return new RetentionPolicy(
                    Math.max(1, policy.versions() - 2), policy.age(), policy.experts(), policy.grace());
        }
    }),
    RUNNING_NOT_RECORDED("merges are not recorded as running", () -> new Parts() {
        @Override
        public ArtifactStore store(ArtifactStore store, InstantSource clock) {
            return new PassingStore(store) {
                @Override
                void putRecord(String name, byte[] content) throws IOException {
                    if (!name.startsWith("running/")) {
                        super.putRecord(name, content);
                    }
                }
            };
        }
    }),
    RUNNING_NOT_LOOKED_AT("the collector does not look at what runs", () -> new Parts() {
        @Override
        public ArtifactStore collected(ArtifactStore store) {
            return new PassingStore(store) {
                @Override
                List<String> listRecords(String below) throws IOException {
                    return below.equals("running") ? List.of() : super.listRecords(below);
                }
            };
        }
    }),
    ENDED_EARLY(350, "merges are over as soon as a checkpoint has begun", () -> new Parts() {
        @Override
        public boolean endsMergesEarly() {
            return true;
        }
    }),
    NOTHING_FORCED("the store forces nothing to the disk", () -> new Parts() {
        @Override
        public Disk disk(Disk disk) {
            return new ForwardingDisk(disk) {
                @Override
                public void force(Path path) {}
            };
        }
    }),
    RENAMED_BEFORE_FORCED(180, "files have their name before their content is forced", () -> new Parts() {
        @Override
        public Disk disk(Disk disk) {
            return new ForcedTooLate(disk);
        }
    }),
    FOLDERS_NOT_FORCED("the folders above a record are not forced", () -> new Parts() {
        @Override
        public Disk disk(Disk disk) {
            return new ForwardingDisk(disk) {
                private final Set<Path> renamedInto = new HashSet<>();

                @Override
                public void rename(Path from, Path to) throws IOException {
                    super.rename(from, to);
                    renamedInto.add(to.getParent());
                }

                @Override
                public void force(Path path) throws IOException {
                    if (!Files.isDirectory(path) || renamedInto.contains(path)) {
                        super.force(path);
                    }
                }
            };
        }
    }),
    FULL_DISK_PASSED_OVER(245, "where the disk is full, the store says that all is well", () -> new Parts() {
        @Override
        public Disk disk(Disk disk) {
            return new HopefulDisk(disk);
        }
    });

    private final long firstSeed;
    private final String what;
    private final Supplier<Parts> parts;

    Defect(String what, Supplier<Parts> parts) {
        this(1, what, parts);
    }

    Defect(long firstSeed, String what, Supplier<Parts> parts) {
        this.firstSeed = firstSeed;
        this.what = what;
        this.parts = parts;
    }

    /** Where to begin to look: few histories before the one that sees it, for those that are seen late. */
    long firstSeed() {
        return firstSeed;
    }

    String what() {
        return what;
    }

    Supplier<Parts> parts() {
        return parts;
    }

    /** Records versions when the next record is asked for. */
    private static final class LateRecords extends PassingStore {
        private String name = "";
        private byte[] content = new byte[0];

        LateRecords(ArtifactStore store) {
            super(store);
        }

        @Override
        void putRecord(String given, byte[] bytes) throws IOException {
            if (!name.isEmpty()) {
                super.putRecord(name, content);
                name = "";
            }
            if (given.startsWith("versions/")) {
                name = given;
                content = bytes;
            } else {
                super.putRecord(given, bytes);
            }
        }
    }

    /** Passes over that it is full. */
    private static final class HopefulDisk extends ForwardingDisk {
        HopefulDisk(Disk disk) {
            super(disk);
        }

        @Override
        public void force(Path path) throws IOException {
            try {
                super.force(path);
            } catch (FileSystemException e) {
                passOver(e);
            }
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            try {
                super.rename(from, to);
            } catch (FileSystemException e) {
                passOver(e);
            }
        }

        private static void passOver(FileSystemException trouble) throws FileSystemException {
            if (!String.valueOf(trouble.getReason()).startsWith("No space")) {
                throw trouble;
            }
        }
    }

    /** Gives a place its name first. */
    private static final class ForcedTooLate extends ForwardingDisk {
        ForcedTooLate(Disk disk) {
            super(disk);
        }

        @Override
        public void force(Path path) throws IOException {
            boolean isAside = path.toString().contains("/aside/");
            if (!isAside) {
                super.force(path);
            }
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            super.rename(from, to);
            try (Stream<Path> below = Files.walk(to)) {
                for (Path path : (Iterable<Path>) below::iterator) {
                    super.force(path);
                }
            }
        }
    }
}
