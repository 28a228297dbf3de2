namespace HaMirror.Lab.Tests;

/// <summary>The long forms: <c>./test.sh --soak</c>, by HAMIRROR_SOAK=1 in the environment.</summary>
internal static class Soak
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("HAMIRROR_SOAK") == "1";

    /// <summary>How often: the full count, or what a plain run takes of it.</summary>
    public static int Times(int plain, int full) => IsOn ? full : plain;
}
