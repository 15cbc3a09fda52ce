using System.Globalization;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Demo;

/// <summary>The demonstration for everybody: the same program again, as root of a user namespace in which it can harm nothing.</summary>
internal static class Unprivileged
{
    private const string ParentVariable = "FENCEFIRST_DEMO_PARENT";

    /// <summary>Whether this is the copy; it then ends with the one that started it. To be asked once, at the start.</summary>
    public static bool IsCopy()
    {
        string? parent = Environment.GetEnvironmentVariable(ParentVariable);
        if (parent is null)
        {
            return false;
        }

        Environment.SetEnvironmentVariable(ParentVariable, null);
        if (int.TryParse(parent, NumberStyles.None, CultureInfo.InvariantCulture, out int parentId))
        {
            UserNamespace.EndWithParent(parentId);
        }

        return true;
    }

    /// <summary>Runs the copy to its end; its exit status, or null when the kernel does not let it be root of its namespace.</summary>
    public static int? TryRun(List<string> command)
    {
        int copy = 0;
        using Interruption interruption = new(() =>
        {
            // Ctrl-C reaches the copy as well; a signal sent to this process alone does not.
            int known = Volatile.Read(ref copy);
            if (known != 0)
            {
                UserNamespace.AskToEnd(known);
            }
        });
        try
        {
            int status = UserNamespace.ReExecute(
                command, started => Volatile.Write(ref copy, started), $"{ParentVariable}={Environment.ProcessId}");
            return UserNamespace.IsRefusal(status) ? null : status;
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    /// <summary>Why not, and what would help, as far as the kernel's settings tell.</summary>
    public static string Explanation()
    {
        (string Setting, string Refusing, string Allowing)[] settings =
        [
            ("user.max_user_namespaces", "0", "10000"),
            ("kernel.unprivileged_userns_clone", "0", "1"),
            ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
        ];
        foreach ((string setting, string refusing, string allowing) in settings)
        {
            if (Read(setting) == refusing)
            {
                return $"the demonstration needs network namespaces; without root it would make them in a user namespace, which this machine forbids ({setting} = {refusing}). "
                    + $"Run it as root, or allow it with 'sysctl {setting}={allowing}'.";
            }
        }

        return "the demonstration needs network namespaces, and this machine or container allows neither those nor a user namespace to make them in. "
            + "Run it as root; in a container it needs the capabilities SYS_ADMIN and NET_ADMIN (docker run --privileged).";
    }

    private static string Read(string setting)
    {
        try
        {
            return File.ReadAllText($"/proc/sys/{setting.Replace('.', '/')}").Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
