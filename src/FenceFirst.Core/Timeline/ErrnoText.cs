namespace FenceFirst.Core.Timeline;

/// <summary>The error numbers of Linux that a user meets, in words; the numbers are those of every architecture we run on.</summary>
public static class ErrnoText
{
    /// <summary>Words for an errno, for example "No such file or directory".</summary>
    public static string Describe(int errno) => errno switch
    {
        1 => "Operation not permitted",
        2 => "No such file or directory",
        5 => "Input/output error",
        7 => "Argument list too long",
        8 => "Exec format error (a script needs #! in its first line)",
        11 => "Resource temporarily unavailable",
        12 => "Cannot allocate memory",
        13 => "Permission denied",
        16 => "Device or resource busy",
        17 => "File exists",
        19 => "No such device",
        20 => "Not a directory",
        22 => "Invalid argument",
        24 => "Too many open files",
        26 => "Text file busy",
        28 => "No space left on device",
        34 => "Numerical result out of range",
        40 => "Too many levels of symbolic links",
        97 => "Address family not supported by protocol",
        99 => "Cannot assign requested address",
        100 => "Network is down",
        101 => "Network is unreachable",
        105 => "No buffer space available",
        110 => "Connection timed out",
        113 => "No route to host",
        _ => $"error {errno}",
    };
}
