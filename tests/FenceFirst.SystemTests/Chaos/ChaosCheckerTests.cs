using System.Net;

namespace FenceFirst.SystemTests;

/// <summary>The judge of the chaos finds what it has to find, and nothing in a good story.</summary>
public sealed class ChaosCheckerTests
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly IPAddress Address = IPAddress.Parse("10.77.1.100");
    private static readonly string[] Nodes = ["a", "b", "c"];

    private readonly List<AddressEvent> _kernels = [];
    private readonly List<PowerRequest> _board = [];

    [Fact]
    public void A_good_story_is_good()
    {
        Good();
        Assert.Empty(Judge());
        Assert.Equal([TimeSpan.FromSeconds(4)], ChaosChecker.Gaps(Ownership.Of(Address, _kernels, At(30))));
    }

    [Fact]
    public void Two_owners_are_found()
    {
        Good();
        _kernels[1] = _kernels[1] with { At = At(14.5) };
        Assert.Contains(Judge(), each => each.Contains("OneOwner: a and b", StringComparison.Ordinal) && each.Contains("500.0 ms", StringComparison.Ordinal));
    }

    // Each row spoils one thing about the fence of c by b.
    [Theory]
    [InlineData("missing")]
    [InlineData("failed")]
    [InlineData("late")]
    [InlineData("by another")]
    [InlineData("older promotion")]
    [InlineData("never answered")]
    [InlineData("before its last mastership")]
    public void A_take_over_without_permission_is_found(string what)
    {
        Good();
        PowerRequest good = _board[^1];
        _board.RemoveAt(_board.Count - 1);
        switch (what)
        {
            case "missing":
                break;
            case "failed":
                Ask(good.By, good.Epoch, good.Target, 13, isSuccess: false);
                break;
            case "late":
                Ask(good.By, good.Epoch, good.Target, 13.95);
                break;
            case "by another":
                Ask("a", good.Epoch, good.Target, 13);
                break;
            case "older promotion":
                Ask(good.By, good.Epoch - 1, good.Target, 13);
                break;
            case "never answered":
                _board.Add(new PowerRequest(At(13), good.By, good.Epoch, good.Target));
                break;
            default:
                _board.Add(good);
                _kernels.Insert(1, new AddressEvent(At(5), "c", true, Address));
                _kernels.Insert(2, new AddressEvent(At(5.1), "c", false, Address));
                _kernels.Add(new AddressEvent(At(13.3), "c", true, Address));
                _kernels.Add(new AddressEvent(At(13.4), "c", false, Address));
                break;
        }
        Assert.Contains(Judge(), each => each.StartsWith("Permission: b", StringComparison.Ordinal) && each.Contains("no fence of c", StringComparison.Ordinal));
    }

    // Seed 1012: b takes the address while the request of c for b is at the board. What counts is that the power went afterwards.
    [Fact]
    public void A_fence_that_was_under_way_when_its_target_took_the_address_is_permission()
    {
        Good();
        Ask("b", 12, "a", 18.5);
        Ask("b", 12, "c", 19);
        _board.Add(new PowerRequest(At(19.9), "c", 11, "b") { OffAt = At(20.5), AnsweredAt = At(20.5), IsSuccess = true });
        Ask("c", 11, "a", 21);
        _kernels.AddRange([
            new AddressEvent(At(18), "b", false, Address),
            new AddressEvent(At(20), "b", true, Address),
            new AddressEvent(At(20.4), "b", false, Address),
            new AddressEvent(At(22), "c", true, Address),
        ]);
        Assert.Empty(Judge());
    }

    [Fact]
    public void A_board_that_lies_is_found()
    {
        Good();
        _kernels[1] = _kernels[1] with { At = At(12.5) };
        Assert.Contains(Judge(), each => each.Contains("a is off, and it held", StringComparison.Ordinal));
    }

    /// <summary>a owns from 1 to 10, is fenced by b with c, and b owns from 14 on.</summary>
    private void Good()
    {
        Ask("a", 7, "b", 0.2);
        Ask("a", 7, "c", 0.4);
        _kernels.Add(new AddressEvent(At(1), "a", true, Address));
        _kernels.Add(new AddressEvent(At(10), "a", false, Address));
        _kernels.Add(new AddressEvent(At(14), "b", true, Address));
        Ask("b", 9, "a", 12);
        Ask("b", 9, "c", 13);
    }

    private void Ask(string by, ulong epoch, string target, double at, bool isSuccess = true) =>
        _board.Add(new PowerRequest(At(at), by, epoch, target) { OffAt = At(at + 0.1), AnsweredAt = At(at + 0.1), IsSuccess = isSuccess });

    private List<string> Judge()
    {
        Ownership ownership = Ownership.Of(Address, _kernels, At(30));
        return [.. ChaosChecker.OneOwner(ownership), .. ChaosChecker.Permission(ownership, _board, Nodes), .. ChaosChecker.TruthfulBoard(ownership, _board)];
    }

    private static DateTime At(double seconds) => Start.AddSeconds(seconds);
}
