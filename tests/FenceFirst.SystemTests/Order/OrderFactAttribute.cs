namespace FenceFirst.SystemTests;

/// <summary>As <see cref="NeedsFactAttribute"/>, and it needs a kernel that tells of every process that is made: CONFIG_PROC_EVENTS, outside of containers.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OrderFactAttribute : FactAttribute
{
    public const string WithoutProcessNews = "Needs a kernel that tells of the processes that are made (CONFIG_PROC_EVENTS, outside of a container).";

    private static readonly Lazy<bool> ProcessNews = new(Native.HearsOfProcesses);

    public OrderFactAttribute(params string[] programs)
    {
        bool isCertain = Environment.GetEnvironmentVariable("CI") == "true";
        Skip = Needs.ReasonToSkip(programs) ?? (isCertain || HasProcessNews ? null : WithoutProcessNews);
    }

    /// <summary>Whether it does; looked for once.</summary>
    public static bool HasProcessNews => ProcessNews.Value;
}
