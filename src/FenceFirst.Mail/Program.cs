using System.Globalization;
using System.Text;
using FenceFirst.Core.Node;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Mail;

/// <summary>The program that the daemon starts for each try to send a mail: one on standard input, the outcome as exit status and words.</summary>
/// <remarks>A program of its own: TLS, names and a server that hangs have no business in the daemon (docs/decisions/088).</remarks>
internal static class Program
{
    private static int Main()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        using StreamReader input = new(Console.OpenStandardInput(), Encoding.UTF8);
        char[] text = new char[MailJob.TextLengthMax + 1];
        int length = input.ReadBlock(text);
        if (MailJob.Parse(new string(text, 0, length)) is not { } job)
        {
            Console.Out.WriteLine("fencefirst-mail is started by fencefirst, which gives it one mail on standard input");
            return MailStatus.BadInput;
        }

        // What a server says is read with as few rights as there are. Without CAP_SETUID that is not possible, and the mail is worth more.
        _ = Privileges.TryBecomeNobody();
        Delivery delivery = new SmtpDelivery(job).Send();
        foreach (string recipient in delivery.Later)
        {
            Console.Out.WriteLine(MailStatus.LaterWord + recipient);
        }

        Console.Out.WriteLine(delivery.Text);
        return delivery.Status;
    }
}
