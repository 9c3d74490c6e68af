package dev.koine.cli;

import dev.koine.cli.command.CardCommand;
import dev.koine.cli.command.CompletionCommand;
import dev.koine.cli.command.DemoCommand;
import dev.koine.cli.command.ExportCommand;
import dev.koine.cli.command.FollowCommand;
import dev.koine.cli.command.GcCommand;
import dev.koine.cli.command.HistoryCommand;
import dev.koine.cli.command.KeysCommand;
import dev.koine.cli.command.ProtectCommand;
import dev.koine.cli.command.RegisterCommand;
import dev.koine.cli.command.RelayCommand;
import dev.koine.cli.command.RetractCommand;
import dev.koine.cli.command.RollbackCommand;
import dev.koine.cli.command.SendCommand;
import dev.koine.cli.command.ServeCommand;
import dev.koine.cli.command.ServicesCommand;
import dev.koine.cli.command.SignCommand;
import dev.koine.cli.command.StatusCommand;
import dev.koine.cli.command.SubmitCommand;
import dev.koine.cli.command.TopicsCommand;
import dev.koine.cli.command.UpCommand;
import dev.koine.cli.command.VerifyCommand;
import dev.koine.cli.command.offline.EvalsetCommand;
import dev.koine.cli.command.offline.EvaluateCommand;
import dev.koine.cli.command.offline.InspectCommand;
import dev.koine.cli.command.offline.MergeCommand;
import dev.koine.cli.command.offline.OwnCommand;
import dev.koine.cli.command.offline.StatisticsCommand;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.Interruption;
import dev.koine.cli.console.Logs;
import dev.koine.cli.console.Plain;
import dev.koine.cli.option.JobOptionWords;
import dev.koine.cli.status.Cause;
import dev.koine.cli.status.FreeSpace;
import dev.koine.engine.RejectedException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.apache.kafka.common.KafkaException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/** The {@code koine} command. */
@Command(
        name = "koine",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = BuildVersion.class,
        description = "Keeps one multilingual speech model alive while languages are added to it.",
        footer = {
            "%nExit status:",
            "  0  done",
            "  1  trouble that may pass: broker, network, disk",
            "  2  the command line is wrong",
            "  3  the event or the file was refused; the message says why"
        })
public final class Koine {
    private static final String VERSION = "--version";

    private static final List<Class<?>> COMMANDS = List.of(
            DemoCommand.class,
            UpCommand.class,
            StatusCommand.class,
            RegisterCommand.class,
            SubmitCommand.class,
            ProtectCommand.class,
            RetractCommand.class,
            RollbackCommand.class,
            HistoryCommand.class,
            CardCommand.class,
            ExportCommand.class,
            VerifyCommand.class,
            GcCommand.class,
            MergeCommand.class,
            OwnCommand.class,
            EvaluateCommand.class,
            EvalsetCommand.class,
            StatisticsCommand.class,
            InspectCommand.class,
            KeysCommand.class,
            SignCommand.class,
            SendCommand.class,
            ServeCommand.class,
            FollowCommand.class,
            RelayCommand.class,
            ServicesCommand.class,
            TopicsCommand.class,
            CompletionCommand.class);

    /** Runs a command line and ends the process with its exit code. Numbers are written alike wherever the user lives. */
    public static void main(String[] args) {
        Locale.setDefault(Locale.ROOT);
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int code = run(out, err, args);
        out.flush();
        System.exit(code);
    }

    /** Runs a command line; returns its {@link ExitCode}. */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        try (Interruption interruption = Interruption.listen()) {
            int code = run(interruption, out, err, args);
            return interruption.exitCode(code);
        }
    }

    private static void begin(CommandLine named, Interruption interruption) {
        Object command = named.getCommand();
        if (named.isUsageHelpRequested()) {
            withWords(named);
        } else if (!(command instanceof Logs.Own) && !named.isVersionHelpRequested()) {
            Logs.begin();
        }
        interruption.at(command);
    }

    /** All commands, with what help says of their options. */
    public static CommandLine line() {
        CommandLine line = new CommandLine(new Koine());
        COMMANDS.forEach(command -> add(line, command));
        return withWords(line);
    }

    /** The command that is named, or all if that is not enough: to look through every command for its options takes a tenth of a second. */
    private static CommandLine line(String[] args) {
        String name = args.length == 0 ? "" : args[0];
        for (Class<?> command : COMMANDS) {
            boolean isNamed = Objects.requireNonNull(command.getAnnotation(Command.class))
                    .name()
                    .equals(name);
            if (isNamed && command != CompletionCommand.class) {
                return add(new CommandLine(new Koine()), command);
            }
        }
        return name.equals(VERSION) ? new CommandLine(new Koine()) : line();
    }

    /** What changes a command's options when it is made runs for a command line alone, not for a class that is added. */
    private static CommandLine add(CommandLine line, Class<?> command) {
        return line.addSubcommand(new CommandLine(command));
    }

    /** A bundle that is named, and not given, is looked for in every jar. */
    private static CommandLine withWords(CommandLine line) {
        return line.setResourceBundle(new JobOptionWords());
    }

    private static int run(Interruption interruption, PrintWriter out, PrintWriter err, String... args) {
        CommandLine line = line(args);
        line.setExecutionStrategy(parsed -> {
            List<CommandLine> named = parsed.asCommandLineList();
            begin(named.get(named.size() - 1), interruption);
            return new CommandLine.RunLast().execute(parsed);
        });
        line.setOut(out);
        line.setErr(err);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((exception, command, result) -> {
            LoggerFactory.getLogger(Koine.class).error("{} failed", command.getCommandName(), exception);
            if (interruption.isThere()) {
                command.getErr().println("koine: Interrupted.");
                return ExitCode.TROUBLE;
            }
            boolean rejected = exception instanceof RejectedException;
            command.getErr()
                    .println(command.getColorScheme()
                            .errorText("koine: " + (rejected ? ((RejectedException) exception).code() + ": " : "")
                                    + Plain.of(sentence(exception) + room(exception, result))));
            return rejected ? ExitCode.REJECTED : ExitCode.TROUBLE;
        });
        line.setParameterExceptionHandler((exception, arguments) -> {
            CommandLine command = exception.getCommandLine();
            String message = String.valueOf(exception.getMessage()).replaceFirst("^Error: ", "");
            command.getErr()
                    .println(command.getColorScheme()
                            .errorText("koine: " + message + (message.endsWith(".") ? " See " : ". See ")
                                    + command.getCommandSpec().qualifiedName() + " --help."));
            return ExitCode.USAGE;
        });
        if (args.length == 0) {
            line.usage(err);
            return ExitCode.USAGE;
        }
        try {
            return line.execute(args);
        } catch (OutOfMemoryError e) {
            return outOfMemory(e, err);
        }
    }

    private static int outOfMemory(OutOfMemoryError error, PrintWriter err) {
        LoggerFactory.getLogger(Koine.class).error("Out of memory", error);
        long heap = Runtime.getRuntime().maxMemory() >> 20;
        err.println("koine: The Java heap of " + heap + " MiB is too small for this (" + error.getMessage()
                + "). Give it more, such as KOINE_JAVA_OPTS=-Xmx" + Math.max(512, 4 * heap) + "m.");
        return ExitCode.TROUBLE;
    }

    /** Where a disk is full, which: of the folders and files that were named, and Java's for temporary files. */
    private static String room(Exception exception, ParseResult result) {
        if (!String.valueOf(exception.getMessage()).contains(Cause.FULL)) {
            return "";
        }
        List<Path> places = new ArrayList<>(List.of(Path.of(System.getProperty("java.io.tmpdir"))));
        for (ArgSpec argument : result.commandSpec().args()) {
            if (argument.getValue() instanceof Path place) {
                places.add(place);
            } else if (argument.getValue() instanceof URI place && "file".equals(place.getScheme())) {
                places.add(Path.of(place));
            }
        }
        return FreeSpace.least(places)
                .map(space -> ": " + space.told() + ". Make room and try again.")
                .orElse("");
    }

    private static String sentence(Exception exception) {
        if (exception instanceof NoSuchFileException missing) {
            return "There is no file or folder " + missing.getFile() + ".";
        }
        if (exception instanceof FileSystemException trouble) {
            return "The file system refuses " + trouble.getFile() + ": "
                    + (trouble.getReason() == null ? trouble.getClass().getSimpleName() : trouble.getReason()) + ".";
        }
        if (exception instanceof KafkaException && exception.getCause() != null) {
            return exception.getMessage() + ": " + exception.getCause().getMessage();
        }
        return exception.getMessage() == null ? exception.toString() : exception.getMessage();
    }
}
