using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FenceFirst.Demo;

/// <summary><c>fencefirst demo-machine</c> (hidden): the first process of a node. It runs the service and the daemon, and ends with the demonstration.</summary>
internal static class MachineVerb
{
    private const int ConnectionsMax = 64;
    private const int RequestBytesMax = 64;

    /// <summary>Runs until standard input ends: then whoever started us is gone, and so is everything in this process namespace.</summary>
    public static int Run(string folder, string letter)
    {
        new Thread(() => Serve(letter)) { IsBackground = true, Name = "service" }.Start();
        using Process daemon = StartDaemon(folder, letter);
        new Thread(() => TellOfEnd(daemon)) { IsBackground = true, Name = "daemon" }.Start();
        using Stream input = Console.OpenStandardInput();
        while (input.ReadByte() >= 0)
        {
        }

        // Only after a crash of the demonstration: otherwise it has ended us and removes the folder itself. The daemon writes into it as long as it lives.
        daemon.Kill();
        daemon.WaitForExit();
        DemoFiles.Remove(folder);
        return 0;
    }

    private static Process StartDaemon(string folder, string letter)
    {
        List<string> command = OwnProgram.Command(
            "run",
            "--file",
            Path.Combine(folder, $"{letter}.conf"),
            "--state-dir",
            Path.Combine(folder, $"{letter}.state"),
            "--socket",
            Path.Combine(folder, $"{letter}.sock"),
            "--log",
            "text",
            "--detail");
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardInput = true, WorkingDirectory = "/" };
        Process daemon = Process.Start(start) ?? throw new InvalidOperationException("a new process was asked for");
        daemon.StandardInput.Close();
        return daemon;
    }

    private static void TellOfEnd(Process daemon)
    {
        daemon.WaitForExit();
        Console.Error.WriteLine($"the daemon has ended with exit status {daemon.ExitCode}");
    }

    /// <summary>Answers every line with the node's letter and the line itself: the "database".</summary>
    private static void Serve(string letter)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, NodePlan.ServicePort));
        listener.Listen();
        byte[] prefix = Encoding.ASCII.GetBytes($"{letter} ");
        using SemaphoreSlim free = new(ConnectionsMax);
        while (true)
        {
            Socket connection = listener.Accept();
            free.Wait();
            new Thread(() =>
            {
                Answer(connection, prefix);
                free.Release();
            })
            {
                IsBackground = true,
                Name = "connection",
            }.Start();
        }
    }

    private static void Answer(Socket connection, byte[] prefix)
    {
        using (connection)
        {
            byte[] buffer = new byte[prefix.Length + RequestBytesMax];
            prefix.CopyTo(buffer, 0);
            connection.NoDelay = true;
            try
            {
                for (int length = 1; length > 0;)
                {
                    length = connection.Receive(buffer, prefix.Length, RequestBytesMax, SocketFlags.None);
                    if (length > 0)
                    {
                        connection.Send(buffer, 0, prefix.Length + length, SocketFlags.None);
                    }
                }
            }
            catch (SocketException)
            {
                // The client has given this connection up.
            }
        }
    }
}
