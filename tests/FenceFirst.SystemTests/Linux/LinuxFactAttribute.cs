namespace FenceFirst.SystemTests.Linux;

/// <summary>A test against the real kernel: needs root. Without it the test is visibly skipped, except in CI, where it then fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxFactAttribute : FactAttribute
{
    /// <summary>Decides whether to skip.</summary>
    public LinuxFactAttribute()
    {
        bool isRequired = Environment.GetEnvironmentVariable("CI") == "true";
        if (!isRequired && (!OperatingSystem.IsLinux() || Environment.UserName != "root"))
        {
            Skip = "needs root on Linux (a network namespace is made)";
        }
    }
}
