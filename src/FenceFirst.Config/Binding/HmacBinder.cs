using System.Text;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Wire;

namespace FenceFirst.Config.Binding;

/// <summary>The auth_hmac block. Every problem is an error: keepalived drops the block and goes on without authentication, we do not start.</summary>
/// <remarks>No message holds a key or a part of one.</remarks>
internal sealed class HmacBinder(BindContext context)
{
    private readonly ValueReader _values = context.Values;
    private readonly DiagnosticBag _diagnostics = context.Diagnostics;

    /// <summary>The block as bound; null with at least one error.</summary>
    public HmacAuthentication? Bind(ConfigNode block, TimeSpan advertInterval)
    {
        context.WarnRepeated([.. block.Children.Where(node => node.Name != "key")]);
        int errorsBefore = _diagnostics.ErrorCount;
        List<HmacKey> keys = [];
        ConfigNode? active = null;
        int activeId = 0;
        int window = HmacAuthentication.DefaultTimeWindowSeconds(advertInterval);
        HmacAntiReplay antiReplay = HmacAntiReplay.Time;
        HmacMode mode = HmacMode.Enforce;
        foreach (ConfigNode node in block.Children)
        {
            switch (node.Name)
            {
                case "key":
                    AddKey(node, keys);
                    break;
                case "active_key":
                    active = node;
                    _ = _values.TryInteger(node, out activeId);
                    break;
                case "time_window":
                    window = _values.TryInteger(node, out int seconds) ? seconds : window;
                    break;
                case "anti_replay" when _values.TryChoice(node, out string choice):
                    antiReplay = choice == "monotonic" ? HmacAntiReplay.Monotonic : HmacAntiReplay.Time;
                    break;
                case "mode" when _values.TryChoice(node, out string choice):
                    mode = choice switch { "permissive" => HmacMode.Permissive, "receive-only" => HmacMode.ReceiveOnly, _ => HmacMode.Enforce };
                    WarnNotEnforced(node, mode);
                    break;
            }
        }

        if (active is null)
        {
            _diagnostics.Add(
                DiagnosticCodes.HmacIncomplete, block.Span, "auth_hmac has no active_key: keepalived would go on without authentication", "active_key ID, one of the keys");
        }

        if (_diagnostics.ErrorCount > errorsBefore)
        {
            return null;
        }

        if (!HmacAuthentication.TryCreate(keys.ToEquatableArray(), (byte)activeId, window, antiReplay, mode, out HmacAuthentication? bound, out HmacProblem problem))
        {
            bool isActive = problem == HmacProblem.ActiveKeyUnknown;
            _diagnostics.Add(DiagnosticCodes.HmacIncomplete, isActive ? active!.ValueSpan : block.Span, Describe(problem, activeId)); // Reported above if absent.
            return null;
        }

        if (!context.Facts.CanSign())
        {
            _diagnostics.Add(DiagnosticCodes.HmacIncomplete, block.Span, "auth_hmac: OpenSSL (libssl), which computes the signatures, is not installed", "Debian: apt-get install libssl3");
            return null;
        }

        if (!HmacTrailer.IsWorking())
        {
            _diagnostics.Add(DiagnosticCodes.HmacIncomplete, block.Span, "auth_hmac: the cryptographic library of this machine computes a wrong HMAC-SHA256");
            return null;
        }

        return bound;
    }

    private static string Describe(HmacProblem problem, int activeId) => problem switch
    {
        HmacProblem.None => "",
        HmacProblem.NoKey => "auth_hmac has no key: keepalived would go on without authentication",
        HmacProblem.KeyIdOutOfRange => "a key id is outside 1 to 255",
        HmacProblem.DuplicateKeyId => "two keys have the same id",
        HmacProblem.KeyTooShort => $"a key has fewer than {HmacKey.BytesMin} bytes",
        HmacProblem.KeyTooLong => $"a key has more than {HmacKey.BytesMax} bytes",
        HmacProblem.ActiveKeyUnknown => $"active_key: there is no key {activeId}; keepalived would go on without authentication",
        HmacProblem.TimeWindowOutOfRange => "time_window is outside 1 to 300 s",
    };

    private void WarnNotEnforced(ConfigNode node, HmacMode mode)
    {
        if (mode != HmacMode.Enforce)
        {
            _diagnostics.Add(
                DiagnosticCodes.HmacNotEnforced, node.Span, $"mode {node.Value} accepts unsigned adverts from anybody", "mode enforce once all nodes sign");
        }
    }

    private void AddKey(ConfigNode node, List<HmacKey> keys)
    {
        if (node.Words.Count != 3)
        {
            _diagnostics.Add(DiagnosticCodes.HmacKeyBad, node.Words[0].Span, "key takes an id and a value", "key ID hex:DIGITS, key ID file:PATH, or a value with blanks in quotes");
            return;
        }

        if (!_values.TryInteger(node.Words[1], 1, 255, "key", out int id))
        {
            return;
        }

        if (keys.Any(key => key.Id == id))
        {
            _diagnostics.Add(DiagnosticCodes.HmacKeyBad, node.Words[1].Span, $"key {id} is written twice");
            return;
        }

        Token value = node.Words[2];
        EquatableArray<byte> bytes;
        if (HmacKeyText.IsFile(value.Text, out ReadOnlySpan<char> path))
        {
            if (!TryFile(path.ToString(), id, value.Span, out bytes))
            {
                return;
            }
        }
        else if (!HmacKeyText.TryParse(value.Text, out bytes, out HmacKeyTextError error))
        {
            _diagnostics.Add(DiagnosticCodes.HmacKeyBad, value.Span, $"key {id} {HmacKeyText.Describe(error)}", "`openssl rand -hex 32` makes one; write it as hex:DIGITS");
            return;
        }

        keys.Add(new HmacKey((byte)id, bytes));
    }

    private bool TryFile(string path, int id, SourceSpan span, out EquatableArray<byte> bytes)
    {
        bytes = default;
        (string? contents, string problem, string hint) = new SecretFile(context.Facts).Read(path);
        if (contents is null)
        {
            _diagnostics.Add(DiagnosticCodes.HmacKeyFile, span, $"key {id}: {problem}", hint);
            return false;
        }

        if (!HmacKeyText.TryParseFile(Encoding.UTF8.GetBytes(contents), out bytes, out HmacKeyTextError error))
        {
            _diagnostics.Add(DiagnosticCodes.HmacKeyFile, span, $"key {id}: what {path} holds {HmacKeyText.Describe(error)}", "one line: hex:DIGITS or printable ASCII");
            return false;
        }

        return true;
    }
}
