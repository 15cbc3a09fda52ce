using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Linux.Events;

namespace FenceFirst.Cli;

/// <summary>keepalived's own command line, so that the program can stand in for its binary: used when no verb is given.</summary>
internal static class KeepalivedFlags
{
    private const string DefaultFile = "/etc/keepalived/keepalived.conf";

    /// <summary>Letter, long name, whether it takes a value ('r' required, 'o' optional, ' ' none), and why it is refused (null = it is not).</summary>
    private static readonly (char Letter, string Name, char Value, string? Refusal)[] Options =
    [
        ('f', "use-file", 'r', null),
        ('P', "vrrp", ' ', null),
        ('C', "check", ' ', "FenceFirst has no health checkers; run keepalived -C beside it"),
        ('B', "no_bfd", ' ', null),
        ('\0', "all", ' ', null),
        ('l', "log-console", ' ', null),
        ('D', "log-detail", ' ', null),
        ('S', "log-facility", 'r', null),
        ('g', "log-file", 'o', "redirect standard error instead (with -l)"),
        ('\0', "flush-log-file", ' ', "redirect standard error instead (with -l)"),
        ('G', "no-syslog", ' ', null),
        ('u', "umask", 'r', "set it in the service unit (UMask=)"),
        ('X', "release-vips", ' ', null),
        ('V', "dont-release-vrrp", ' ', "an address that stays up without a daemon is what FenceFirst exists to prevent"),
        ('I', "dont-release-ipvs", ' ', "FenceFirst does not manage IPVS"),
        ('R', "dont-respawn", ' ', null),
        ('n', "dont-fork", ' ', null),
        ('d', "dump-conf", ' ', "use 'fencefirst check' instead"),
        ('p', "pid", 'r', null),
        ('r', "vrrp_pid", 'r', null),
        ('c', "checkers_pid", 'r', null),
        ('b', "bfd_pid", 'r', null),
        ('a', "address-monitoring", ' ', null),
        ('T', "genhash", ' ', "FenceFirst has no health checkers"),
        ('x', "snmp", ' ', "SNMP is not supported"),
        ('A', "snmp-agent-socket", 'r', "SNMP is not supported"),
        ('s', "namespace", 'r', "start it with 'ip netns exec NAME' instead"),
        ('m', "core-dump", ' ', null),
        ('M', "core-dump-pattern", 'o', "set the pattern with sysctl kernel.core_pattern"),
        ('e', "all-config", ' ', null),
        ('i', "config-id", 'r', null),
        ('\0', "signum", 'r', null),
        ('t', "config-test", 'o', null),
        ('v', "version", ' ', null),
        ('h', "help", ' ', null),
    ];

    /// <summary>Whether the command line is keepalived's: it begins with an option and is not ours to answer.</summary>
    public static bool Applies(string[] arguments) =>
        arguments.Length > 0 && arguments[0].StartsWith('-') && arguments[0] is not ("--help" or "-?" or "--version" or "-h");

    /// <summary>Carries the command line out.</summary>
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        string file = DefaultFile;
        string? configId = null;
        string? testFile = null;
        string? pidFile = null;
        bool isTest = false;
        bool isForeground = false;
        bool isConsole = false;
        bool isDetailed = false;
        bool isWithoutSyslog = false;
        int facility = 3;
        List<(string Name, string Value)>? parsed = Parse(arguments, error);
        if (parsed is null)
        {
            return 1;
        }

        foreach ((string name, string value) in parsed)
        {
            switch (name)
            {
                case "use-file":
                    file = value;
                    break;
                case "config-id":
                    configId = value;
                    break;
                case "config-test":
                    isTest = true;
                    testFile = value.Length == 0 ? null : value;
                    break;
                case "pid":
                    pidFile = value;
                    break;
                case "dont-fork":
                    isForeground = true;
                    break;
                case "log-console":
                    isConsole = true;
                    break;
                case "log-detail":
                    isDetailed = true;
                    break;
                case "no-syslog":
                    isWithoutSyslog = true;
                    break;
                case "log-facility":
                    if (!TryFacility(value, out facility))
                    {
                        error.WriteLine($"fencefirst: -S {value}: give 0 to 7, local0 to local7, user or daemon");
                        return 1;
                    }

                    break;
                case "signum":
                    return PrintSignal(value, output, error);
                case "version":
                    output.WriteLine($"FenceFirst {ProgramVersion.Text}, standing in for keepalived");
                    return 0;
                default:
                    // Options that say what is so here anyway: -P, -B, -R, -X, -a, -e, -m and the pid files of other processes.
                    break;
            }
        }

        if (isTest)
        {
            return Test(file, configId, testFile, error);
        }

        RunOptions options = new()
        {
            File = file,
            ConfigId = configId,
            PidFile = pidFile,
            IsLoggingToConsole = isConsole,
            IsLoggingToSyslog = !isConsole && !isWithoutSyslog,
            SyslogFacility = facility,
            IsDetailed = isDetailed,
        };
        return isForeground ? RunVerb.Run(options, error) : Background.Start(arguments, error);
    }

    private static int Test(string file, string? configId, string? testFile, TextWriter error)
    {
        if (testFile is null)
        {
            return TestFile(file, configId, error);
        }

        try
        {
            using StreamWriter writer = new(testFile, append: true);
            return TestFile(file, configId, writer);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"fencefirst: {testFile}: {exception.Message}");
            return 4;
        }
    }

    private static int TestFile(string file, string? configId, TextWriter writer)
    {
        (_, DiagnosticBag diagnostics) = ConfigLoader.Load(file, configId, RealMachineFacts.Create(asksAgents: true));
        writer.Write(DiagnosticText.Render(diagnostics));
        return KeepalivedExitCode.Of(diagnostics);
    }

    private static List<(string Name, string Value)>? Parse(string[] arguments, TextWriter error)
    {
        List<(string, string)> found = [];
        bool isGood = true;
        for (int i = 0; i < arguments.Length && isGood; i++)
        {
            string argument = arguments[i];
            if (argument.StartsWith("--", StringComparison.Ordinal))
            {
                int equals = argument.IndexOf('=');
                string name = equals < 0 ? argument[2..] : argument[2..equals];
                string? value = equals < 0 ? null : argument[(equals + 1)..];
                isGood = Take(Array.FindIndex(Options, option => option.Name == name), argument, value, ref i);
            }
            else if (argument.Length > 1 && argument[0] == '-')
            {
                for (int at = 1; at < argument.Length && isGood; at++)
                {
                    int index = Array.FindIndex(Options, option => option.Letter == argument[at] && option.Letter != '\0');
                    bool takesRest = index >= 0 && Options[index].Value != ' ' && at + 1 < argument.Length;
                    isGood = Take(index, $"-{argument[at]}", takesRest ? argument[(at + 1)..] : null, ref i);
                    if (takesRest)
                    {
                        break;
                    }
                }
            }
            else
            {
                error.WriteLine($"fencefirst: '{argument}' is neither a verb nor an option; see fencefirst --help");
                isGood = false;
            }
        }

        return isGood ? found : null;

        bool Take(int index, string written, string? value, ref int i)
        {
            if (index < 0)
            {
                error.WriteLine($"fencefirst: unknown option '{written}'; see fencefirst --help");
                return false;
            }

            (_, string name, char kind, string? refusal) = Options[index];
            if (refusal is not null)
            {
                error.WriteLine($"fencefirst: {written} is refused: {refusal}");
                return false;
            }

            if (kind == 'r' && value is null)
            {
                if (++i >= arguments.Length)
                {
                    error.WriteLine($"fencefirst: option '{written}' needs a value");
                    return false;
                }

                value = arguments[i];
            }

            found.Add((name, value ?? ""));
            return true;
        }
    }

    private static bool TryFacility(string text, out int facility)
    {
        facility = 3;
        if (text is "daemon" or "user")
        {
            facility = text == "user" ? 1 : 3;
            return true;
        }

        string digits = text.StartsWith("local", StringComparison.Ordinal) ? text[5..] : text;
        if (digits.Length == 1 && digits[0] is >= '0' and <= '7')
        {
            facility = 16 + (digits[0] - '0');
            return true;
        }

        return false;
    }

    private static int PrintSignal(string name, TextWriter output, TextWriter error)
    {
        int? number = name switch
        {
            "STOP" => (int)DaemonSignal.Terminate,
            "RELOAD" => (int)DaemonSignal.Reload,
            "DATA" => (int)DaemonSignal.WriteState,
            "STATS" => (int)DaemonSignal.WriteStatistics,
            "STATS_CLEAR" => (int)DaemonSignal.WriteAndClearStatistics,
            "JSON" => (int)DaemonSignal.WriteJson,
            _ => null,
        };
        if (number is null)
        {
            error.WriteLine($"fencefirst: signal {name} is not supported; STOP, RELOAD, DATA, STATS, STATS_CLEAR and JSON are");
            return 1;
        }

        output.WriteLine(number);
        return 0;
    }
}
