// What scripts may rely on. `status --quiet` and `safekit state -lq` answer with the state instead (SafeKit's numbers).
namespace HaMirror.Cli;

/// <summary>Exit codes.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The agent refused, or it failed.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The agent does not answer on its socket.</summary>
    public const int NoAgent = 3;

    /// <summary>The time of a <c>wait</c> is over.</summary>
    public const int TimedOut = 4;

    /// <summary><c>verify</c> found differences and did not repair all of them.</summary>
    public const int Different = 5;

    /// <summary>With <c>--quiet</c>, any failure: 0 to 4 are states there.</summary>
    public const int NoState = 9;

    /// <summary>Ended by ^C, as a shell counts it.</summary>
    public const int Interrupted = 130;

    /// <summary>SafeKit's number of a state.</summary>
    public static int OfState(string state) => state switch
    {
        "STOP" => 0,
        "WAIT" => 1,
        "ALONE" => 2,
        "PRIM" => 3,
        "SECOND" => 4,
        _ => NoState,
    };
}
