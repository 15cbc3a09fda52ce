using System.Net.Sockets;
using System.Text;

namespace FenceFirst.Demo;

/// <summary><c>fencefirst demo-power</c> (hidden): what a fence script calls. Exit status 0 means that the node is off.</summary>
internal static class PowerVerb
{
    /// <summary>The one answer that means success.</summary>
    public const string Off = "off";

    private const int AnswerBytesMax = 200;

    /// <summary>Asks and waits; the daemon bounds the time.</summary>
    public static int Run(string socket, string letter, TextWriter error)
    {
        try
        {
            using Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            connection.Connect(new UnixDomainSocketEndPoint(socket));
            connection.Send(Encoding.ASCII.GetBytes(letter));
            byte[] buffer = new byte[AnswerBytesMax];
            string answer = Encoding.ASCII.GetString(buffer, 0, connection.Receive(buffer));
            if (answer == Off)
            {
                return 0;
            }

            error.WriteLine(answer);
            return 1;
        }
        catch (SocketException exception)
        {
            error.WriteLine($"the power supply cannot be reached: {exception.Message}");
            return 1;
        }
    }
}
