// After a few failures each further one doubles the time in which nothing more is looked at, up to a bound. Counted by address
// and by name: one attacker is slowed down whatever he tries, and one account whoever tries it, though later, so that strangers
// cannot simply lock its owner out. Bounded memory: the oldest counts are forgotten.
namespace HaMirror.Agent.Access;

/// <summary>Slows down repeated failures.</summary>
internal sealed class LoginThrottle(TimeProvider clock)
{
    private const int FreeByAddress = 5;
    private const int FreeByName = 20;
    private const int CountsMax = 10_000;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (int Count, DateTimeOffset Last)> _failures = [];

    /// <summary>How long to wait before another try counts; zero: now.</summary>
    public TimeSpan Wait(string address, string name)
    {
        lock (_lock)
        {
            var (byAddress, byName) = (Left("a " + address, FreeByAddress), Left("n " + name, FreeByName));
            return byAddress > byName ? byAddress : byName;
        }
    }

    public void Failed(string address, string name)
    {
        lock (_lock)
        {
            Count("a " + address);
            Count("n " + name);
        }
    }

    public void Succeeded(string address, string name)
    {
        lock (_lock)
        {
            _failures.Remove("a " + address);
            _failures.Remove("n " + name);
        }
    }

    private void Count(string what)
    {
        var now = clock.GetUtcNow();
        var before = _failures.GetValueOrDefault(what);
        _failures[what] = (now - before.Last > Memory ? 1 : before.Count + 1, now);
        if (_failures.Count > CountsMax) _failures.Remove(_failures.MinBy(entry => entry.Value.Last).Key);
    }

    private TimeSpan Left(string what, int free)
    {
        if (!_failures.TryGetValue(what, out var failures) || failures.Count < free) return TimeSpan.Zero;
        var pause = First * Math.Pow(2, Math.Min(failures.Count - free, 10));
        var left = failures.Last + (pause < Longest ? pause : Longest) - clock.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
