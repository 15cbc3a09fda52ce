using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Demo;

/// <summary>Tells people what happens while it happens.</summary>
internal sealed class Narrator(TextWriter output, bool isColoured)
{
    private const string Bold = "\e[1m";
    private const string Green = "\e[32m";
    private const string Red = "\e[1;31m";
    private const string Faint = "\e[2m";
    private const string Plain = "\e[0m";
    private const int WidthMax = 96;

    private readonly MonotonicInstant _start = MonotonicClock.Now;

    /// <summary>Since the beginning.</summary>
    public TimeSpan Elapsed => MonotonicClock.Now - _start;

    /// <summary>Begins a part.</summary>
    public void Heading(string text) => output.WriteLine($"\n{Paint(Bold, text)}");

    /// <summary>Something happens now.</summary>
    public void Say(string text) => Put($"{Elapsed.TotalSeconds,5:0.0} s  ", "", text);

    /// <summary>Words of the daemon.</summary>
    public void Quote(string who, string text) => Put("         ", Faint, $"{who}: \"{text}\"");

    /// <summary>A claim and how it turned out.</summary>
    public void Tell(Claim claim) =>
        Put("         ", "", claim.Text, claim.IsHeld ? Paint(Green, "ok      ") : Paint(Red, "FAILED  "));

    /// <summary>A line as it is.</summary>
    public void Line(string text = "") => output.WriteLine(text);

    /// <summary>Something from a file.</summary>
    public void Excerpt(string text) => output.WriteLine(Paint(Faint, text));

    /// <summary>The last line.</summary>
    public void Verdict(bool isGood, string text) => output.WriteLine($"\n{Paint(isGood ? Green : Red, text)}");

    private string Paint(string colour, string text) => isColoured && colour.Length > 0 ? colour + text + Plain : text;

    /// <summary>Writes a sentence in lines of bounded width, the later ones indented as the first.</summary>
    private void Put(string margin, string colour, string text, string mark = "")
    {
        const int MarkWidth = 8;
        string first = margin + mark;
        string next = new(' ', margin.Length + (mark.Length > 0 ? MarkWidth : 0));
        int room = WidthMax - next.Length;
        while (text.Length > room)
        {
            int space = text.LastIndexOf(' ', room);
            int cut = space > 0 ? space : room;
            output.WriteLine(first + Paint(colour, text[..cut]));
            text = text[cut..].TrimStart();
            first = next;
        }

        output.WriteLine(first + Paint(colour, text));
        output.Flush();
    }
}
