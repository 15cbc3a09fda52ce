using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FenceFirst.Core;

namespace FenceFirst.Config.Binding;

/// <summary>Everything that reading a configuration asked and was answered, so that it can be read again elsewhere with the same result. Without the secrets.</summary>
/// <remarks>
/// A password or key is replaced by another one that is made from it and from a number that is not kept: equal ones stay equal, different ones different, and nobody
/// can tell them. Decisions never depend on a secret itself.
/// </remarks>
public sealed partial class FactsRecord
{
    private const char End = '\0';
    private const string Absent = "\u0001";

    private readonly SortedDictionary<string, string> _answers = new(StringComparer.Ordinal);
    private readonly MachineFacts _inner;
    private readonly ulong _salt;

    /// <summary>Will listen to the answers of these facts.</summary>
    /// <param name="facts">The facts of this machine.</param>
    /// <param name="salt">Any number, the same for all readings of one record.</param>
    public FactsRecord(MachineFacts facts, ulong salt)
    {
        (_inner, _salt) = (facts, salt);
        Facts = facts with
        {
            HasInterface = name => Keep("interface", name, facts.HasInterface(name) ? "1" : "0") == "1",
            OwnAddresses = () =>
            {
                IReadOnlyCollection<InternetAddress> own = facts.OwnAddresses();
                Keep("addresses", "", string.Join(',', own));
                return own;
            },
            EnvironmentVariable = name => Restore(Keep("variable", name, facts.EnvironmentVariable(name) ?? Absent)),
            ReadFile = path =>
            {
                string? text = facts.ReadFile(path);
                Keep("file", path, text is null ? Absent : WithoutSecrets(text));
                return text;
            },
            ReadSecretFile = path =>
            {
                string? text = (facts.ReadSecretFile ?? facts.ReadFile)(path);
                Keep("secret", path, text is null ? Absent : "hex:" + Convert.ToHexStringLower(Pseudonym(text, 32)) + "\n");
                return text;
            },
            ListDirectory = path =>
            {
                IReadOnlyList<string> names = facts.ListDirectory(path);
                Keep("folder", path, string.Join('/', names));
                return names;
            },
            Inspect = path =>
            {
                FileFacts? file = facts.Inspect(path);
                Keep("inspect", path, file is null ? Absent : Invariant($"{(int)file.Kind} {file.Mode} {file.OwnerId} {file.GroupId} {(file.IsProgram ? 1 : 0)} {file.LinkTarget}"));
                return file;
            },
            FindUser = name =>
            {
                UserFacts? user = facts.FindUser(name);
                Keep("user", name, user is null ? Absent : Invariant($"{user.UserId} {user.GroupId} {user.Name}"));
                return user;
            },
            FindGroup = name =>
            {
                uint? group = facts.FindGroup(name);
                Keep("group", name, group?.ToString(CultureInfo.InvariantCulture) ?? Absent);
                return group;
            },
            FindGroupsOf = name =>
            {
                IReadOnlyList<uint> groups = facts.FindGroupsOf(name);
                Keep("groups", name, string.Join(' ', groups.Select(group => Invariant($"{group}"))));
                return groups;
            },
            CanSign = () =>
            {
                bool isPresent = facts.CanSign();
                Keep("library", "openssl", isPresent ? "1" : "0");
                return isPresent;
            },
            UnwatchableFileSystem = facts.UnwatchableFileSystem is null ? null : path => Restore(Keep("filesystem", path, facts.UnwatchableFileSystem(path) ?? Absent)),
        };
    }

    /// <summary>The same facts; what they are asked is kept.</summary>
    public MachineFacts Facts { get; }

    /// <summary>What was asked and answered, and the configuration that it belongs to.</summary>
    /// <param name="path">The configuration file.</param>
    /// <param name="configId">Its id; null = the host name.</param>
    public string Text(string path, string? configId)
    {
        StringBuilder text = new();
        Append(text, "path", path);
        Append(text, "id", configId ?? Absent);
        Append(text, "host", _inner.HostName);
        Append(text, "ids", Invariant($"{_inner.UserId} {_inner.GroupId} {(_inner.IsElsewhere ? 1 : 0)} {(_inner.UnwatchableFileSystem is null ? 0 : 1)}"));
        foreach ((string question, string answer) in _answers)
        {
            Append(text, question, answer);
        }

        return text.ToString();
    }

    /// <summary>The facts that a text tells of; false when it is none of ours.</summary>
    /// <param name="text">As <see cref="Text"/> gave it.</param>
    /// <param name="facts">What was not asked when it was recorded is answered as absent.</param>
    /// <param name="path">The configuration file.</param>
    /// <param name="configId">Its id; null = the host name.</param>
    public static bool TryRead(string text, out MachineFacts? facts, out string path, out string? configId)
    {
        Dictionary<string, string> answers = new(StringComparer.Ordinal);
        string[] parts = text.Split(End);
        for (int i = 0; i + 1 < parts.Length; i += 2)
        {
            answers[parts[i]] = parts[i + 1];
        }

        facts = null;
        path = answers.GetValueOrDefault("path", "");
        configId = Restore(answers.GetValueOrDefault("id", Absent));
        string[] ids = answers.GetValueOrDefault("ids", "").Split(' ');
        if (path.Length == 0 || ids.Length != 4 || !uint.TryParse(ids[0], CultureInfo.InvariantCulture, out uint user) || !uint.TryParse(ids[1], CultureInfo.InvariantCulture, out uint group))
        {
            return false;
        }

        string? Answer(string kind, string question) => Restore(answers.GetValueOrDefault(kind + " " + question, Absent));
        facts = new MachineFacts
        {
            HostName = answers.GetValueOrDefault("host", ""),
            UserId = user,
            GroupId = group,
            IsElsewhere = ids[2] == "1",
            HasInterface = name => Answer("interface", name) == "1",
            OwnAddresses = () =>
            [
                .. (Answer("addresses", "") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)
                    .Select(word => InternetAddress.TryParse(word, out InternetAddress address) ? address : InternetAddress.None)
                    .Where(address => !address.IsNone),
            ],
            EnvironmentVariable = name => Answer("variable", name),
            ReadFile = file => Answer("file", file),
            ReadSecretFile = file => Answer("secret", file),
            ListDirectory = folder => Answer("folder", folder)?.Split('/', StringSplitOptions.RemoveEmptyEntries) ?? [],
            Inspect = file => ReadFile(Answer("inspect", file)),
            FindUser = name => ReadUser(Answer("user", name)),
            FindGroup = name => uint.TryParse(Answer("group", name), CultureInfo.InvariantCulture, out uint id) ? id : null,
            FindGroupsOf = name =>
                [.. (Answer("groups", name) ?? "").Split(' ').Select(word => uint.TryParse(word, CultureInfo.InvariantCulture, out uint id) ? id : (uint?)null).OfType<uint>()],
            CanSign = () => Answer("library", "openssl") != "0",
            UnwatchableFileSystem = ids[3] == "1" ? file => Answer("filesystem", file) : null,
        };
        return true;
    }

    private static string? Restore(string answer) => answer == Absent ? null : answer;

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static FileFacts? ReadFile(string? answer)
    {
        string[] words = answer?.Split(' ', 6) ?? [];
        return words.Length == 6
            && byte.TryParse(words[0], CultureInfo.InvariantCulture, out byte kind)
            && int.TryParse(words[1], CultureInfo.InvariantCulture, out int mode)
            && uint.TryParse(words[2], CultureInfo.InvariantCulture, out uint owner)
            && uint.TryParse(words[3], CultureInfo.InvariantCulture, out uint group)
            ? new FileFacts((FileKind)kind, mode, owner, group, words[5], words[4] == "1")
            : null;
    }

    private static UserFacts? ReadUser(string? answer)
    {
        string[] words = answer?.Split(' ', 3) ?? [];
        return words.Length == 3 && uint.TryParse(words[0], CultureInfo.InvariantCulture, out uint user) && uint.TryParse(words[1], CultureInfo.InvariantCulture, out uint group)
            ? new UserFacts(words[2], user, group)
            : null;
    }

    private static void Append(StringBuilder text, string question, string answer) => text.Append(question.Replace(End, '?')).Append(End).Append(answer.Replace(End, '?')).Append(End);

    private string Keep(string kind, string question, string answer) => _answers[kind + " " + question] = answer;

    /// <summary>Letters and digits of secrets are others; what the language needs (blanks, quotes, braces, comments) stays.</summary>
    private string WithoutSecrets(string text) => Secret().Replace(text, match =>
    {
        Group secret = match.Groups["secret"];
        byte[] bytes = Pseudonym(secret.Value, secret.Length);
        bool isHex = secret.Value.All(char.IsAsciiHexDigit) && match.Value.EndsWith("hex:" + secret.Value, StringComparison.Ordinal);
        StringBuilder other = new(match.Value[..(secret.Index - match.Index)]);
        for (int i = 0; i < secret.Length; i++)
        {
            char c = secret.Value[i];
            other.Append(c is ' ' or '\t' or '\r' or '"' or '{' or '}' or '#' or '!' ? c : isHex ? "0123456789abcdef"[bytes[i] & 15] : (char)('a' + (bytes[i] % 26)));
        }

        return other.Append(match.Value[(secret.Index - match.Index + secret.Length)..]).ToString();
    });

    private byte[] Pseudonym(string secret, int length)
    {
        byte[] salted = Encoding.UTF8.GetBytes(FormattableString.Invariant($"{_salt}:{secret}"));
        byte[] bytes = new byte[length];
        ulong state = 14695981039346656037;
        foreach (byte each in salted)
        {
            state = (state ^ each) * 1099511628211;
        }

        for (int i = 0; i < length; i++)
        {
            // Each byte from the whole state (SplitMix64).
            state += 0x9e3779b97f4a7c15;
            ulong z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
            bytes[i] = (byte)((z ^ (z >> 27)) >> 32);
        }

        return bytes;
    }

    [GeneratedRegex(@"\bauth_pass[ \t]+(?<secret>[^\n]+)|(?:^|[{}\n])[ \t]*key[ \t]+\S+[ \t]+(?!""?file:)(?!""?hex:)(?<secret>[^\n]+)|\bhex:(?<secret>[0-9A-Za-z]+)|\boption(?!_file)\w*[ \t]+[^\s=]+[\s=]+(?<secret>[^\n]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Secret();
}
