using System.Runtime.InteropServices;
using FenceFirst.Linux.Native;

namespace FenceFirst.Tests.Linux;

public sealed class ErrorNumberTests
{
    // Shown: the words that stand in logs and timelines are those of glibc's table, up to what we add to them; a number without words says itself.
    [Fact]
    public void Words_are_those_that_other_programs_use()
    {
        int known = 0;
        for (int errno = 1; errno <= 133; errno++)
        {
            string text = ErrorNumber.Text(errno);
            if (text != $"error {errno}")
            {
                known++;
                Assert.StartsWith(Marshal.GetPInvokeErrorMessage(errno), text, StringComparison.Ordinal);
            }
        }

        Assert.True(known > 50, $"{known} numbers have words");
    }
}
