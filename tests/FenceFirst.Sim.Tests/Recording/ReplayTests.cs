using System.Text.Json;
using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Core.Recording;
using FenceFirst.Simulate;

namespace FenceFirst.Sim.Tests;

/// <summary>A record of a daemon comes out again as it went in, or it is told where it does not.</summary>
public class ReplayTests
{
    [Fact]
    public void A_record_is_replayed_to_the_same_decisions()
    {
        (int status, string output, string error) = Tape.Replay(new Tape().Live(60).End().Bytes);
        Assert.True(status == 0, output + error);
        Assert.Contains("(VI_1) Entering MASTER STATE", output);
        Assert.Contains("every one came out as it was recorded; it ends because the daemon ended", output);
    }

    [Fact]
    public void Another_decision_is_told_at_its_event_with_what_was_expected_and_what_came()
    {
        // A record in which the daemon of event 3 (the start) decided nothing.
        Tape tape = new Tape().Live(5);
        byte[] bytes = tape.Bytes;
        int effectsAt = tape.EventsAt[2] + Length(bytes, tape.EventsAt[2]);
        uint number = NumberAt(bytes, effectsAt);
        byte[] nothing = new byte[1 + RecordFrame.Overhead];
        RecordFrame.Write(nothing, number, FrameKind.Effects, [0]);
        byte[] other = [.. bytes[..effectsAt], .. nothing, .. bytes[(effectsAt + Length(bytes, effectsAt))..]];
        (int status, string output, _) = Tape.Replay(other);
        Assert.Equal(1, status);
        Assert.Contains("DIFFERENT at 0.000000, event 3: Started", output);
        Assert.Contains("  recorded: nothing\n  now:\n", output);
        JsonElement json = JsonDocument.Parse(Tape.Replay(other, isJson: true).Output).RootElement;
        Assert.False(json.GetProperty("good").GetBoolean());
        Assert.Equal(3, json.GetProperty("difference").GetProperty("event").GetInt32());
    }

    [Fact]
    public void A_record_of_another_version_is_refused()
    {
        (int status, _, string error) = Tape.Replay(new Tape(version: "0.0.9").Live(3).Bytes);
        Assert.Equal(2, status);
        Assert.Contains($"it was recorded by version 0.0.9 and this is {ProgramVersion.Number}: replay it with the version that recorded it", error);
        (status, _, error) = Tape.Replay(new Tape(vocabulary: 1).Live(3).Bytes);
        Assert.Equal(2, status);
        Assert.Contains("recorded by another build of version", error);
        (status, _, error) = Tape.Replay("FenceFirst record 2\n"u8.ToArray());
        Assert.Equal(2, status);
        Assert.Contains("a record of another format", error);
        (status, _, error) = Tape.Replay("#!/bin/sh\n"u8.ToArray());
        Assert.Equal(2, status);
        Assert.Contains("it is no record of 'fencefirst run --record'", error);
    }

    [Fact]
    public void A_record_that_is_cut_off_is_replayed_as_far_as_it_goes()
    {
        Tape tape = new Tape().Live(40);
        byte[] bytes = tape.Bytes;
        int whole = tape.EventsAt[^1];
        (int status, string output, _) = Tape.Replay(bytes[..(whole + 7)]);
        Assert.Equal(0, status);
        Assert.Contains($"it is cut off at byte {whole}, after event {tape.EventsAt.Count - 1}: the daemon was killed, or still records", output);
        for (int length = 0; length < bytes.Length; length += 1 + (bytes.Length / 300))
        {
            (status, output, string error) = Tape.Replay(bytes[..length]);
            Assert.True(status is 0 or 2, output + error);
            Assert.True(status == 2 || output.Contains("cut off at byte", StringComparison.Ordinal) || output.Contains("it has no end", StringComparison.Ordinal), output);
        }
    }

    [Fact]
    public void A_damaged_record_is_told_with_the_place()
    {
        Tape tape = new Tape().Live(40).End();
        byte[] bytes = tape.Bytes;
        bytes[tape.EventsAt[7] + 6] ^= 1;
        (int status, _, string error) = Tape.Replay(bytes);
        Assert.Equal(2, status);
        Assert.Contains($"it is damaged at byte {tape.EventsAt[7]} (frame ", error);
        Assert.Contains("after event 7)", error);
    }

    [Fact]
    public void No_bytes_throw()
    {
        // Every byte changed once, frames doubled, left out and exchanged; then values changed inside frames whose check is right again.
        byte[] good = new Tape().Live(12).End().Bytes;
        Prng chance = new(3);
        for (int i = 0; i < 4000; i++)
        {
            byte[] bytes = [.. good];
            bytes[chance.Below(bytes.Length)] = (byte)chance.Next();
            Assert.InRange(Tape.Replay(bytes).Status, 0, 2);
        }

        List<(FrameKind Kind, byte[] Payload)> frames = Frames(good);
        for (int i = 0; i < 6000; i++)
        {
            List<(FrameKind Kind, byte[] Payload)> changed = [.. frames.Select(frame => (frame.Kind, (byte[])[.. frame.Payload]))];
            switch (chance.Below(4))
            {
                case 0:
                    changed.RemoveAt(chance.Below(changed.Count));
                    break;
                case 1:
                    changed.Insert(chance.Below(changed.Count), changed[chance.Below(changed.Count)]);
                    break;
                default:
                    // Not the configuration: what a binder does with strange text is tested elsewhere, and takes longer.
                    (FrameKind kind, byte[] payload) = changed[chance.Below(changed.Count)];
                    if (payload.Length > 0 && kind != FrameKind.Configuration)
                    {
                        payload[chance.Below(payload.Length)] = (byte)chance.Next();
                    }

                    break;
            }

            Assert.InRange(Tape.Replay(Join(changed)).Status, 0, 2);
        }
    }

    [Fact]
    public void No_secret_is_in_a_record()
    {
        const string File = """
            vrrp_instance VI_1 {
                interface eth0
                virtual_router_id 51
                authentication { auth_type PASS
                    auth_pass geheim12 # comment
                }
                virtual_ipaddress { 192.0.2.1/24
                }
            }
            fence_device x {
                agent fence_ipmilan
                option passwd "sehr geheim"
                option_file password /etc/pw
                targets 192.0.2.2
            }
            """;
        const string Key = "vrrp_instance VI_1 {\n auth_hmac {\n key 1 file:/etc/key\n key 2 hex:00112233445566778899aabbccddeeff\n key 3 \"0123456789abcdef geheimnis\"\n }\n}\n";
        FactsRecord facts = new(Answering(path => path switch { "/a" => File, "/b" => Key, "/etc/key" => "streng geheim, aber wirklich\n", "/etc/pw" => "ganz geheim\n", _ => null }), 7);
        foreach (string path in (string[])["/a", "/b", "/a"])
        {
            ConfigLoader.Load(path, "x", facts.Facts);
        }

        facts.Facts.ReadSecretFile!("/etc/key");
        string text = facts.Text("/a", "x");
        Assert.DoesNotContain("geheim", text);
        Assert.DoesNotContain("0011223344556677", text);
        Assert.Contains("auth_type PASS", text);
        Assert.Contains("# ", text);

        // Read again it is the same configuration but for the secrets.
        Assert.True(FactsRecord.TryRead(text, out MachineFacts? again, out string read, out string? id));
        Assert.Equal(("/a", "x"), (read, id));
        Assert.Equal(8, ConfigLoader.Load(read, id, again! with { IsElsewhere = true }).Config?.Instances[0].Password.Count ?? 8);
        Assert.Equal(File.Length, again!.ReadFile("/a")!.Length);
    }

    private static MachineFacts Answering(Func<string, string?> read) => FilesElsewhere.Create() with
    {
        IsElsewhere = false,
        ReadFile = read,
        Inspect = path => read(path) is null ? null : new FileFacts(FileKind.Regular, 0x180, 0, 0),
    };

    private static int Length(byte[] bytes, int at) => BitConverter.ToInt32(bytes, at + 1) + RecordFrame.Overhead;

    private static uint NumberAt(byte[] bytes, int wanted)
    {
        uint number = 0;
        for (int at = RecordFrame.Magic.Length; at < wanted; at += Length(bytes, at))
        {
            number++;
        }

        return number;
    }

    private static List<(FrameKind Kind, byte[] Payload)> Frames(byte[] bytes)
    {
        List<(FrameKind Kind, byte[] Payload)> frames = [];
        for (int at = RecordFrame.Magic.Length; at < bytes.Length; at += Length(bytes, at))
        {
            frames.Add(((FrameKind)bytes[at], bytes[(at + 5)..(at + Length(bytes, at) - 4)]));
        }

        return frames;
    }

    private static byte[] Join(List<(FrameKind Kind, byte[] Payload)> frames)
    {
        List<byte> bytes = [.. RecordFrame.Magic];
        for (int i = 0; i < frames.Count; i++)
        {
            byte[] frame = new byte[frames[i].Payload.Length + RecordFrame.Overhead];
            RecordFrame.Write(frame, (uint)i, frames[i].Kind, frames[i].Payload);
            bytes.AddRange(frame);
        }

        return [.. bytes];
    }
}
