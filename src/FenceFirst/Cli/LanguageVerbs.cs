using System.Text;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Output;

namespace FenceFirst.Cli;

/// <summary><c>help KEYWORD</c> and <c>fmt</c>: what the language knows about itself.</summary>
internal static class LanguageVerbs
{
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

    /// <summary>Prints files in their canonical form, or rewrites them; 0 = done, 1 = some file differs (with isCheck) or cannot be read.</summary>
    public static int Format(string[] files, bool isWritten, bool isCheck, TextWriter output, TextWriter error)
    {
        int status = 0;
        foreach (string file in files)
        {
            try
            {
                // Byte by byte: a comment in another encoding than UTF-8 must come out as it went in.
                string before = Encoding.Latin1.GetString(File.ReadAllBytes(file));
                string after = Formatter.Format(before);
                bool isSame = before == after;
                if (isCheck && !isSame)
                {
                    error.WriteLine($"{file}: not in its canonical form: fencefirst fmt --write {file}");
                    status = 1;
                }
                else if (isWritten && !isSame)
                {
                    File.WriteAllBytes(file, Encoding.Latin1.GetBytes(after));
                    error.WriteLine($"{file}: written");
                }
                else if (!isCheck && !isWritten)
                {
                    output.Write(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(after)));
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                error.WriteLine($"fencefirst: {file}: {exception.Message}");
                status = 1;
            }
        }

        return status;
    }
}
