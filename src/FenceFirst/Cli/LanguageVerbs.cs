using System.Text;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Output;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Files;

namespace FenceFirst.Cli;

/// <summary><c>help KEYWORD</c> and <c>fmt</c>: what the language knows about itself.</summary>
internal static class LanguageVerbs
{
    private const string StandardInput = "-";

    /// <summary>Explains a keyword of the configuration; 0 = known, 1 = not.</summary>
    public static int Help(string keyword, TextWriter output, TextWriter error)
    {
        if (KeywordHelp.Describe(keyword) is string text)
        {
            output.Write(text);
            return 0;
        }

        IReadOnlyList<string> similar = KeywordHelp.Similar(keyword);
        error.WriteLine($"fencefirst: '{keyword}' is no keyword of the configuration{(similar.Count > 0 ? "; similar: " + string.Join(", ", similar) : "")}");
        return 1;
    }

    /// <summary>Prints files in their canonical form, or rewrites them.</summary>
    /// <returns>0 = done, 1 = some file differs (with isCheck) or cannot be read or written, 2 = standard input cannot be rewritten.</returns>
    public static int Format(string[] files, bool isWritten, bool isCheck, TextWriter output, TextWriter error)
    {
        if (isWritten && files.Contains(StandardInput))
        {
            error.WriteLine($"fencefirst fmt: --write needs a file: {StandardInput} is standard input");
            return Invocation.ExitUnusable;
        }

        int status = 0;
        foreach (string file in files)
        {
            if (!TryRead(file, out string before, error))
            {
                status = 1;
                continue;
            }

            string after = Formatter.Format(before);
            bool isSame = before == after;
            if (isCheck && !isSame)
            {
                error.WriteLine($"{file}: not in its canonical form: fencefirst fmt --write {file}");
                status = 1;
            }
            else if (isWritten && !isSame)
            {
                status = TryWrite(file, after, error) ? status : 1;
            }
            else if (!isCheck && !isWritten)
            {
                output.Write(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(after)));
            }
        }

        return status;
    }

    /// <summary>The file that a word of the command line names: "-" is standard input.</summary>
    public static string FileOf(string word) => word == StandardInput ? "/dev/stdin" : word;

    /// <summary>Byte by byte: a comment in another encoding than UTF-8 must come out as it went in.</summary>
    private static bool TryRead(string file, out string text, TextWriter error)
    {
        text = "";
        try
        {
            text = Encoding.Latin1.GetString(File.ReadAllBytes(FileOf(file)));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string reason = exception is FileNotFoundException or DirectoryNotFoundException ? "it does not exist"
                : Directory.Exists(file) ? "it is a folder"
                : exception is UnauthorizedAccessException ? "it may not be read by this user"
                : exception.Message;
            error.WriteLine($"fencefirst: {file}: {reason}");
            return false;
        }
    }

    /// <summary>Replaces the file as a whole: a full disk or a power cut must not leave a part of a configuration. A symbolic link stays one.</summary>
    private static bool TryWrite(string file, string text, TextWriter error)
    {
        string target = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        int errno = DurableFile.ReplaceAlike(target, target + ".fencefirst-new", Encoding.Latin1.GetBytes(text));
        error.WriteLine(errno == 0 ? $"{file}: written" : $"fencefirst: {file}: cannot be written: {ErrnoText.Describe(errno)}; it is as it was");
        return errno == 0;
    }
}
