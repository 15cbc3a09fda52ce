using System.Buffers.Binary;
using FenceFirst.Core.Wire;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Answers to a ping. The first byte says which family is asked.</summary>
internal sealed class EchoHarness : Harness
{
    private const ushort Identifier = 0x1234;
    private const ulong Cookie = 0x0123456789abcdef;

    public override string Name => "echo";

    public override string What => "ICMP and ICMPv6 echo replies";

    public override IReadOnlyList<byte[]> Samples()
    {
        List<byte[]> samples = [];
        byte[] message = new byte[EchoMessage.Length];
        foreach (bool isIPv6 in (bool[])[false, true])
        {
            EchoMessage.Write(message, isIPv6, Identifier, 1, Cookie);
            samples.Add([isIPv6 ? (byte)1 : (byte)0, .. message]);
            message[0] = EchoMessage.ReplyType(isIPv6);
            samples.Add(Repair([isIPv6 ? (byte)1 : (byte)0, .. message], new Chance(1)));
        }

        return samples;
    }

    public override bool Try(byte[] input)
    {
        if (input.Length == 0)
        {
            return false;
        }

        ReadOnlySpan<byte> message = input.AsSpan(1);
        bool isIPv6 = (input[0] & 1) != 0;
        bool isReply = EchoMessage.IsReply(message, isIPv6, Identifier, Cookie);
        if (isReply)
        {
            Demand(message[0] == EchoMessage.ReplyType(isIPv6), "a question is taken for an answer");
            Demand(BinaryPrimitives.ReadUInt16BigEndian(message[4..]) == Identifier && BinaryPrimitives.ReadUInt64BigEndian(message[8..]) == Cookie, "an answer to somebody else");
        }

        return isReply;
    }

    public override byte[] Repair(byte[] input, Chance chance)
    {
        if (input.Length > 9)
        {
            input[3] = input[4] = 0;
            BinaryPrimitives.WriteUInt16BigEndian(input.AsSpan(3), InternetChecksum.Compute(input.AsSpan(1)));
        }

        return input;
    }
}
