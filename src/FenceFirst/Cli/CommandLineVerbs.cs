using System.CommandLine;
using FenceFirst.Daemon;
using FenceFirst.Demo;

namespace FenceFirst.Cli;

/// <summary>The verbs with their options, as System.CommandLine sees them.</summary>
internal static class CommandLineVerbs
{
    /// <summary>All verbs.</summary>
    public static RootCommand Create() => new(
        "FenceFirst: VRRP in which a standby takes the virtual address only after every step you asked for, the fence first of all, has succeeded. "
        + "Without a verb keepalived's own options are understood (-f FILE -n -l -D -t ...).")
    {
        Run(),
        Check(),
        Help(),
        Format(),
        Completion(),
        Status(),
        Retry(),
        Confirm(),
        Handover(),
        Maintenance(),
        FenceTest(),
        Reload(),
        Journal(),
        Decode(),
        Simulate(),
        Demo(),
        DemoMachine(),
        DemoPower(),
    };

    private static Command Run()
    {
        Option<string> file = FileOption();
        Option<string?> configId = ConfigIdOption();
        Option<string> stateDirectory = StateDirectoryOption();
        Option<string> socket = SocketOption();
        Option<string?> pidFile = new("--pid-file") { Description = "write and lock a process id file", HelpName = "PATH" };
        Option<string> dumps = new("--dump-dir")
        {
            Description = "where SIGUSR1, SIGUSR2 and SIGRTMIN+2 write keepalived.data, .stats and .json",
            DefaultValueFactory = _ => new RunOptions { File = "" }.DumpDirectory,
            HelpName = "DIR",
        };
        Option<string?> log = new("--log") { Description = "where the log goes and how it looks; default: text on standard error, key=value under journald" };
        log.AcceptOnlyFromAmong("text", "keyvalue", "syslog");
        Option<bool> detail = new("--detail", "-D") { Description = "log details, as keepalived does with -D" };
        Option<string?> record = new("--record") { Description = "write every event and decision into a file, up to 64 MiB, for 'fencefirst simulate --replay'", HelpName = "FILE" };
        Command command = new("run", "run the daemon in the foreground until SIGTERM; SIGHUP reads the configuration again")
        {
            file, configId, stateDirectory, socket, pidFile, dumps, log, detail, record,
        };
        command.SetAction(parsed => RunVerb.Run(
            new RunOptions
            {
                File = parsed.GetRequiredValue(file),
                ConfigId = parsed.GetValue(configId),
                StateDirectory = parsed.GetRequiredValue(stateDirectory),
                Socket = parsed.GetRequiredValue(socket),
                PidFile = parsed.GetValue(pidFile),
                DumpDirectory = parsed.GetRequiredValue(dumps),
                IsLoggingToConsole = parsed.GetValue(log) != "syslog",
                IsLoggingToSyslog = parsed.GetValue(log) == "syslog",
                Format = parsed.GetValue(log) switch { "text" => LogFormat.Text, "keyvalue" => LogFormat.KeyValue, _ => null },
                IsDetailed = parsed.GetValue(detail),
                Record = parsed.GetValue(record),
            },
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Check()
    {
        Option<string> file = FileOption();
        Option<string?> configId = ConfigIdOption();
        Option<bool> json = JsonOption();
        Option<bool> strict = new("--strict") { Description = "warnings refuse the file too" };
        Option<bool> keepalivedStatus = new("--keepalived-exit-codes") { Description = "exit as keepalived -t does: 0 good, 4 cannot run, 5 errors, 6 scripts without enable_script_security" };
        Option<bool> dump = new("--dump") { Description = "print the values that hold, defaults included; with --json as one object" };
        Option<string?> peer = new("--peer") { Description = "the other node's file: do the two fit together, who becomes Master, who fences whom", HelpName = "FILE" };
        Option<string?> peerId = new("--peer-id") { Description = "id for lines of the other node that begin with @ID", HelpName = "ID" };
        Command command = new("check", "read a configuration file and tell every problem at once; starts nothing (exit status 0 good, 1 refused)")
        {
            file, configId, json, strict, keepalivedStatus, dump, peer, peerId,
        };
        command.SetAction(parsed =>
        {
            ShortLife.Begin();
            return CheckVerb.Run(
            new CheckOptions(LanguageVerbs.FileOf(parsed.GetRequiredValue(file)))
            {
                ConfigId = parsed.GetValue(configId),
                PeerFile = parsed.GetValue(peer),
                PeerId = parsed.GetValue(peerId),
                IsJson = parsed.GetValue(json),
                IsDumping = parsed.GetValue(dump),
                IsStrict = parsed.GetValue(strict),
                HasKeepalivedStatus = parsed.GetValue(keepalivedStatus),
            },
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error);
        });
        return command;
    }

    private static Command Help()
    {
        Argument<string> keyword = new("KEYWORD") { Description = "a keyword of the configuration" };
        Command command = new("help", "explain a keyword of the configuration: value, range, default, what is done with it (exit status 0 known, 1 unknown)") { keyword };
        command.SetAction(parsed => LanguageVerbs.Help(parsed.GetRequiredValue(keyword), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Format()
    {
        Argument<string[]> files = new("FILE") { Description = "configuration files; - is standard input", Arity = ArgumentArity.OneOrMore };
        Option<bool> write = new("--write") { Description = "rewrite the files instead of printing them" };
        Option<bool> check = new("--check") { Description = "print nothing and exit with 1 when a file is not in its canonical form" };
        Command command = new("fmt", "print configuration files in their canonical form, comments kept (exit status 0 done, 1 unusable or different)") { files, write, check };
        command.SetAction(parsed => LanguageVerbs.Format(
            parsed.GetRequiredValue(files), parsed.GetValue(write), parsed.GetValue(check), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Completion()
    {
        Argument<string> shell = new("SHELL") { Description = "the shell" };
        shell.AcceptOnlyFromAmong(CompletionVerb.Shells);
        Command command = new("completion", "print a script that completes verbs, options and keywords in a shell") { shell };
        command.SetAction(parsed => CompletionVerb.Run(parsed.GetRequiredValue(shell), Create(), parsed.InvocationConfiguration.Output));
        return command;
    }

    private static Command Status()
    {
        Argument<string?> instance = new("INSTANCE") { Description = "only this vrrp_instance", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> json = JsonOption();
        Option<string> socket = SocketOption();
        Command command = new("status", "tell how every instance is: phase, master, addresses, promotion, packets (exit status 0 nothing failed, 1 something failed or needs somebody, 2 no daemon)")
        {
            instance, json, socket,
        };
        command.SetAction(parsed => StatusVerb.Run(
            parsed.GetRequiredValue(socket), parsed.GetValue(instance), parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Retry()
    {
        Argument<string> instance = InstanceArgument();
        Option<bool> json = JsonOption();
        Option<string> socket = SocketOption();
        Command command = new("retry", "let an instance try again now after a failed promotion, also after 'on_failure fault' (exit status 0 done, 1 refused, 2 no daemon)")
        {
            instance, json, socket,
        };
        command.SetAction(parsed => OperatorVerbs.Retry(
            parsed.GetRequiredValue(socket), parsed.GetRequiredValue(instance), parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Confirm()
    {
        Argument<string> instance = InstanceArgument();
        Option<string> target = new("--target") { Description = "the address of the node that is certainly down", Required = true, HelpName = "ADDRESS" };
        Option<bool> isChecked = new("--i-have-checked") { Description = "you have looked: it is off, or it cannot reach the data and the network any more" };
        Option<bool> json = JsonOption();
        Option<string> socket = SocketOption();
        Command command = new("confirm", "answer for a fence that cannot succeed: it counts as succeeded in this one promotion (exit status 0 done, 1 refused, 2 no daemon)")
        {
            instance, target, isChecked, json, socket,
        };
        command.SetAction(parsed => OperatorVerbs.Confirm(
            parsed.GetRequiredValue(socket),
            parsed.GetRequiredValue(instance),
            parsed.GetRequiredValue(target),
            parsed.GetValue(isChecked),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Handover()
    {
        Argument<string> instance = InstanceArgument();
        Option<string> within = new("--within")
        {
            Description = "how long this node holds itself back after its release before it may become master again: 90s, 10m, 2h",
            DefaultValueFactory = _ => "60s",
            HelpName = "TIME",
        };
        Option<bool> yes = new("--yes") { Description = "you know that the peers fence this node when they take over" };
        Option<bool> json = JsonOption();
        Option<string> socket = SocketOption();
        Command command = new("handover", "planned switchover, asked for on the master: demote, release, and wait until another node is master (exit status 0 another node took over, 1 nobody did, or refused, 2 no daemon)")
        {
            instance, within, yes, json, socket,
        };
        command.SetAction(parsed => OperatorVerbs.Handover(
            parsed.GetRequiredValue(socket),
            parsed.GetRequiredValue(instance),
            parsed.GetRequiredValue(within),
            parsed.GetValue(yes),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Maintenance()
    {
        Argument<string> state = new("on|off") { Description = "begin, or end" };
        state.AcceptOnlyFromAmong("on", "off");
        Argument<string?> instance = new("INSTANCE") { Description = "only this vrrp_instance; default: the whole node", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> duration = new("--for") { Description = "it ends by itself after this time: 90s, 10m, 2h or 3d; default: never", HelpName = "TIME" };
        Option<bool> json = JsonOption();
        Option<string> socket = SocketOption();
        Command command = new("maintenance", "no promotion starts here and trackers demote nobody, until it is switched off (exit status 0 done, 1 refused, 2 no daemon)")
        {
            state, instance, duration, json, socket,
        };
        command.SetAction(parsed => OperatorVerbs.Maintenance(
            parsed.GetRequiredValue(socket),
            parsed.GetRequiredValue(state),
            parsed.GetValue(instance),
            parsed.GetValue(duration),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command FenceTest()
    {
        Argument<string> device = new("DEVICE") { Description = "name of the fence_device" };
        Option<bool> statusOnly = new("--status-only") { Description = "only ask the agent for its status; nothing is switched" };
        Option<bool> sure = new(FenceTestVerb.SureOption) { Description = "do not ask: the target of the device really loses its power" };
        Option<string?> file = new("--file", "-f") { Description = "without a daemon: the configuration to take the device from", HelpName = "FILE" };
        Option<string?> configId = ConfigIdOption();
        Option<bool> json = JsonOption();
        Option<string> socket = SocketOption();
        Command command = new("fence-test", "prove that a fence device works: fence its target now, or only ask for the status (exit status 0 it works, 1 it does not, or refused, 2 no daemon)")
        {
            device, statusOnly, sure, file, configId, json, socket,
        };
        command.SetAction(parsed => FenceTestVerb.Run(
            new FenceTestOptions(parsed.GetRequiredValue(device), parsed.GetRequiredValue(socket))
            {
                File = parsed.GetValue(file),
                ConfigId = parsed.GetValue(configId),
                IsStatusOnly = parsed.GetValue(statusOnly),
                IsSure = parsed.GetValue(sure),
                IsJson = parsed.GetValue(json),
            },
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Reload()
    {
        Option<bool> json = JsonOption();
        Option<string> socket = SocketOption();
        Option<bool> dryRun = new("--dry-run") { Description = "only tell what would change, or why the file would be refused" };
        Command command = new("reload", "read the configuration again, as SIGHUP does, and tell what changed or why it was refused (exit status 0 done, 1 refused, 2 no daemon)")
        {
            dryRun, json, socket,
        };
        command.SetAction(parsed => OperatorVerbs.Reload(parsed.GetRequiredValue(socket), parsed.GetValue(dryRun), parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Journal()
    {
        Option<string> stateDirectory = StateDirectoryOption();
        Option<string?> instance = new("--instance") { Description = "only entries of this instance or check script", HelpName = "NAME" };
        Option<string?> since = new("--since") { Description = "only entries from then on: 90s, 10m, 2h or 3d ago, or a date and time", HelpName = "TIME" };
        Option<bool> json = JsonOption();
        Command command = new("journal", "print what happened, from the journal in the state directory; needs no running daemon (exit status 0 good, 1 unusable)")
        {
            stateDirectory, instance, since, json,
        };
        command.SetAction(parsed => JournalVerb.Run(
            parsed.GetRequiredValue(stateDirectory),
            parsed.GetValue(instance),
            parsed.GetValue(since),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Decode()
    {
        Argument<string[]> what = new("HEX|FILE.pcap") { Description = "bytes in hexadecimal, or a capture file", Arity = ArgumentArity.OneOrMore };
        Option<bool> json = JsonOption();
        Command command = new("decode", "tell in words what a packet or a capture says, and why a packet would be refused (exit status 0 good, 1 refused, 2 unusable)")
        {
            what, json,
        };
        command.SetAction(parsed => DecodeVerb.Run(string.Join(' ', parsed.GetRequiredValue(what)), parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Simulate()
    {
        Command command = new("simulate", SimulateCommand.Description);
        new SimulateCommand().AddTo(command);
        command.SetAction(parsed => SimulateVerb.Run([.. parsed.Tokens.Skip(1).Select(token => token.Value)], parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Command Demo()
    {
        Option<bool> keep = new("--keep") { Description = "leave it running for a look round, until Ctrl-C" };
        Option<bool> json = JsonOption();
        Option<bool> lyingFence = new("--lying-fence") { Description = "the power supply says off and does nothing: which claims notice", Hidden = true };
        Command command = new("demo", "two nodes in network namespaces on this machine: a fence that fails, a fence that succeeds (exit status 0 when every claim held)")
        {
            keep, json, lyingFence,
        };
        command.SetAction(parsed => DemoVerb.Run(
            parsed.GetValue(keep), parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, parsed.GetValue(lyingFence)));
        return command;
    }

    /// <summary>The first process of a node of the demonstration.</summary>
    private static Command DemoMachine()
    {
        Option<string> folder = new("--folder") { Required = true };
        Argument<string> node = new("NODE");
        Command command = new("demo-machine", "a node of the demonstration") { folder, node };
        command.Hidden = true;
        command.SetAction(parsed => MachineVerb.Run(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(node)));
        return command;
    }

    /// <summary>What the fence scripts of the demonstration call.</summary>
    private static Command DemoPower()
    {
        Option<string> socket = new("--socket") { Required = true };
        Argument<string> node = new("NODE");
        Command command = new("demo-power", "ask the demonstration's power supply to switch a node off") { socket, node };
        command.Hidden = true;
        command.SetAction(parsed => PowerVerb.Run(parsed.GetRequiredValue(socket), parsed.GetRequiredValue(node), parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Option<string> FileOption() => new("--file", "-f")
    {
        Description = "configuration file",
        DefaultValueFactory = _ => DefaultFile(),
        HelpName = "FILE",
    };

    private static Argument<string> InstanceArgument() => new("INSTANCE") { Description = "name of the vrrp_instance" };

    private static Option<string> SocketOption() => new("--socket")
    {
        Description = "control socket",
        DefaultValueFactory = _ => "/run/fencefirst.sock",
        HelpName = "PATH",
    };

    private static Option<string> StateDirectoryOption() => new("--state-dir")
    {
        Description = "where what must survive a restart is kept",
        DefaultValueFactory = _ => "/var/lib/fencefirst",
        HelpName = "DIR",
    };

    private static Option<string?> ConfigIdOption() => new("--config-id", "-i")
    {
        Description = "id for lines that begin with @ID; default: the host name up to its first dot ('fencefirst' is always true as well)",
        HelpName = "ID",
    };

    private static Option<bool> JsonOption() => new("--json") { Description = "print JSON" };

    private static string DefaultFile() =>
        File.Exists("/etc/fencefirst/fencefirst.conf") ? "/etc/fencefirst/fencefirst.conf" : "/etc/keepalived/keepalived.conf";
}
