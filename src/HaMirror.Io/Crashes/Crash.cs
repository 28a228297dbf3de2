// A seam for tests: HAMIRROR_CRASH_AT=POINT[:N][:stop] lets this process kill itself (SIGKILL), or stop (SIGSTOP), when it
// reaches a point for the N-th time. Without the variable, each call is a look at a constant. Nothing here may do more than
// that: a crash that first tidies up is none.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace HaMirror.Io.Crashes;

/// <summary>Dies where a test wants it.</summary>
public static partial class Crash
{
    public const string Variable = "HAMIRROR_CRASH_AT";

    private const int SignalKill = 9, SignalStop = 19;

    private static readonly (CrashPoint Point, int Signal, int Count)? Armed =
        TryRead(Environment.GetEnvironmentVariable(Variable), out var armed, out _) ? armed : null;

    private static readonly bool IsArmed = Armed is not null;

    private static int _reached;

    /// <summary>Null, or why the variable cannot be used, as a sentence.</summary>
    public static string? Refusal => TryRead(Environment.GetEnvironmentVariable(Variable), out _, out var refusal) ? null : refusal;

    /// <summary>A point was reached. Any thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void At(CrashPoint point)
    {
        if (IsArmed)
            Count(point);
    }

    /// <summary>The name of a point as the variable takes it.</summary>
    public static string NameOf(CrashPoint point)
    {
        var name = new StringBuilder();
        foreach (var letter in point.ToString())
            name.Append(char.IsUpper(letter) && name.Length > 0 ? "-" : "").Append(char.ToLowerInvariant(letter));
        return name.ToString();
    }

    private static void Count(CrashPoint point)
    {
        if (Armed is { } armed && armed.Point == point && Interlocked.Increment(ref _reached) == armed.Count)
            _ = Send(Environment.ProcessId, armed.Signal);
    }

    internal static bool TryRead(string? text, out (CrashPoint Point, int Signal, int Count)? armed, out string refusal)
    {
        (armed, refusal) = (null, "");
        if (string.IsNullOrEmpty(text))
            return true;
        var parts = text.Split(':');
        var signal = parts.Length > 1 && parts[^1] == "stop" ? SignalStop : SignalKill;
        var numbers = parts[1..(signal == SignalStop ? ^1 : ^0)];
        var count = 1;
        foreach (var point in Enum.GetValues<CrashPoint>())
            if (NameOf(point) == parts[0] && (numbers.Length == 0 || (numbers.Length == 1
                && int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0)))
                armed = (point, signal, count);
        refusal = $"{Variable}={text} is not POINT[:N][:stop] with one of these points: "
            + string.Join(", ", Enum.GetValues<CrashPoint>().Select(NameOf)) + ".";
        return armed is not null;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
