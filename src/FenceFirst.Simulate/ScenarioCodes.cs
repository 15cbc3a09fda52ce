using FenceFirst.Config.Diagnostics;

namespace FenceFirst.Simulate;

/// <summary>Problems of scenarios and of files that are to be simulated together: FF17xx. They belong to the numbers of the configuration's own.</summary>
internal static class ScenarioCodes
{
    public static readonly DiagnosticCode Unreadable = Error("FF1701");
    public static readonly DiagnosticCode UnknownWord = Error("FF1702");
    public static readonly DiagnosticCode MissingWord = Error("FF1703");
    public static readonly DiagnosticCode ExtraWord = Error("FF1704");
    public static readonly DiagnosticCode BadTime = Error("FF1705");
    public static readonly DiagnosticCode UnknownNode = Error("FF1706");
    public static readonly DiagnosticCode UnknownName = Error("FF1707");
    public static readonly DiagnosticCode NeverReached = Error("FF1708");
    public static readonly DiagnosticCode Repeated = Error("FF1709");
    public static readonly DiagnosticCode TooLong = Error("FF1710");
    public static readonly DiagnosticCode NothingExpected = new("FF1711", Severity.Warning, 0);
    public static readonly DiagnosticCode OtherRouters = Error("FF1720");
    public static readonly DiagnosticCode SameAddress = Error("FF1721");
    public static readonly DiagnosticCode UnknownTarget = new("FF1722", Severity.Warning, 0);

    private static DiagnosticCode Error(string id) => new(id, Severity.Error, 5);
}
