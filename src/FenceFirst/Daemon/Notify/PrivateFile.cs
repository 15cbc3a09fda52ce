using FenceFirst.Linux.Files;

namespace FenceFirst.Daemon.Notify;

/// <summary>A file that holds a secret, looked at when the secret is needed: what it was like when the configuration was read does not count.</summary>
internal static class PrivateFile
{
    /// <summary>Longest file that is read; what follows is left out.</summary>
    private const int BytesMax = 64 * 1024;

    private const int KindMask = 0xf000;
    private const int KindRegular = 0x8000;
    private const int OthersMask = 0b000_111_111;
    private const int NoSuchFile = 2;
    private const int AccessDenied = 13;

    /// <summary>Reads a regular file that only its owner can use; null with the reason, in words and as an error number.</summary>
    public static byte[]? Read(string path, out string why, out int errno)
    {
        try
        {
            string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            if (!FileStatus.TryRead(target, out int mode, out _, out _))
            {
                (why, errno) = ("does not exist or is not accessible", NoSuchFile);
                return null;
            }

            if ((mode & KindMask) != KindRegular || (mode & OthersMask) != 0)
            {
                (why, errno) = ((mode & KindMask) != KindRegular ? "is no regular file" : $"has mode {Convert.ToString(mode & 0xfff, 8).PadLeft(4, '0')}: others than its owner can use it", AccessDenied);
                return null;
            }

            using FileStream stream = File.OpenRead(target);
            byte[] bytes = new byte[BytesMax];
            int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            (why, errno) = ("", 0);
            return bytes[..length];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            bool isMissing = failure is FileNotFoundException or DirectoryNotFoundException;
            (why, errno) = isMissing ? ("does not exist", NoSuchFile) : ("cannot be read", AccessDenied);
            return null;
        }
    }
}
