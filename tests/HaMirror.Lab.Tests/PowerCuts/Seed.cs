using System.Globalization;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>A fresh seed, printed, or that of HAMIRROR_SEED: what a test does follows from it, though not to the microsecond.</summary>
internal static class Seed
{
    public static int Take(Progress progress)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("HAMIRROR_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            ? given
            : Random.Shared.Next();
        progress.Say($"HAMIRROR_SEED={seed}");
        return seed;
    }
}
