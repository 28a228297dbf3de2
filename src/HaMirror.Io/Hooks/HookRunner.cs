using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using HaMirror.Core.Configuration;
using HaMirror.Core.Hooks;

namespace HaMirror.Io.Hooks;

/// <summary>Runs one hook of one module and ends it, with everything that it started, when its time is over.</summary>
/// <remarks>
/// A hook is finished when its own process is, not when its output is closed: what starts a daemon must not hang the module.
/// A full or broken log directory never keeps a hook from running.
/// </remarks>
public sealed class HookRunner(HookPlaces places, UserConfiguration user, TimeProvider clock)
{
    /// <summary>Time of hooks that are no stop hooks.</summary>
    public static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(300);

    /// <summary>Between SIGTERM and SIGKILL.</summary>
    public static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan CutInterval = TimeSpan.FromMilliseconds(250);

    private readonly HookOutput _output = new(places.Log, user.LogBytes);

    public HookPlaces Places => places;

    /// <summary>Why output was last not kept, as a sentence; null when it always was.</summary>
    public string? OutputFailure { get; private set; }

    /// <summary>The time that a hook gets.</summary>
    public TimeSpan Timeout(string hook, bool forced) =>
        !hook.StartsWith("stop_", StringComparison.Ordinal) ? StartTimeout
        : forced ? user.ForceStopTimeout : user.NiceStopTimeout;

    /// <summary>Runs the hook with <c>[force] STATE NEXT ACTION</c>. Never throws for what a hook does.</summary>
    /// <param name="cancellation">Ends the hook at once (SIGKILL, no grace).</param>
    public async Task<HookResult> RunAsync(string hook, bool forced, HookArguments arguments, CancellationToken cancellation)
    {
        var program = Path.Combine(places.Bin, hook);
        var called = HookResult.Called(hook, forced);
        if (!File.Exists(program))
        {
            return new HookResult(hook, forced, HookOutcome.Missing, 0, TimeSpan.Zero, null, $"module {places.Module} has no hook {hook}");
        }

        if ((File.GetUnixFileMode(program) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == 0)
        {
            return Refused(hook, forced, $"hook {program} is not executable: chmod +x it");
        }

        string[] words = forced
            ? ["force", arguments.State, arguments.Next, arguments.Action]
            : [arguments.State, arguments.Next, arguments.Action];
        var file = user.Logging ? OutputFile(hook, words) : null;
        ChildSession child;
        try
        {
            Directory.CreateDirectory(places.UserVar);
            child = ChildSession.Start(program, words, Environment(hook, forced), places.Bin, file ?? "/dev/null");
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or UnauthorizedAccessException)
        {
            return Refused(hook, forced, $"hook {called} of module {places.Module} could not be started: {failure.Message}");
        }

        using (child)
        {
            var since = Stopwatch.StartNew();
            var (outcome, survivors) = await WaitAsync(child, Timeout(hook, forced), file, cancellation).ConfigureAwait(false);
            return Finished(hook, forced, outcome, child, since.Elapsed, file, survivors);
        }
    }

    /// <summary>A hook that knows how long it has can give up in order instead of being ended.</summary>
    private Dictionary<string, string> Environment(string hook, bool forced) =>
        new(places.Environment(user.Variables), StringComparer.Ordinal)
        {
            ["HAMIRROR_TIMEOUT"] = Math.Max(1, (long)Timeout(hook, forced).TotalSeconds).ToString(CultureInfo.InvariantCulture),
        };

    private async Task<(HookOutcome Outcome, IReadOnlyList<int> Survivors)> WaitAsync(
        ChildSession child, TimeSpan timeout, string? file, CancellationToken cancellation)
    {
        var end = Task.Delay(timeout, clock, cancellation);
        while (!child.Exited.IsCompleted && !end.IsCompleted)
        {
            await Task.WhenAny(child.Exited, end, Task.Delay(CutInterval, CancellationToken.None)).ConfigureAwait(false);
            Bound(file);
        }

        if (child.Exited.IsCompleted)
        {
            return (child.ExitCode == 0 ? HookOutcome.Succeeded : HookOutcome.Failed, []);
        }

        return end.IsCanceled
            ? (HookOutcome.Cancelled, await child.EndAsync(TimeSpan.Zero).ConfigureAwait(false))
            : (HookOutcome.TimedOut, await child.EndAsync(KillGrace).ConfigureAwait(false));
    }

    private HookResult Finished(
        string hook, bool forced, HookOutcome outcome, ChildSession child, TimeSpan duration, string? file, IReadOnlyList<int> survivors)
    {
        var code = child.Exited.IsCompleted ? child.ExitCode : -1;
        var of = $"hook {HookResult.Called(hook, forced)} of module {places.Module}";
        var seconds = HookResult.Seconds(duration);
        var sentence = outcome switch
        {
            HookOutcome.Succeeded => $"{of} succeeded in {seconds}",
            HookOutcome.TimedOut => $"{of} exceeded its time of {HookResult.Seconds(Timeout(hook, forced))} and was ended",
            HookOutcome.Cancelled => $"{of} was ended after {seconds}, because something more urgent is to be done",
            _ => $"{of} failed with exit code {code} after {seconds}",
        };
        if (survivors.Count > 0)
        {
            sentence += $"; these processes of it could not be killed: {string.Join(", ", survivors)}";
        }

        if (file is not null)
        {
            Kept(() => _output.End(file, sentence));
            sentence += outcome == HookOutcome.Succeeded ? "" : $"; its output is in {file}";
        }

        return new HookResult(hook, forced, outcome, code, duration, file, sentence);
    }

    private string? OutputFile(string hook, string[] words)
    {
        string? file = null;
        Kept(() => file = _output.Begin(hook, clock.GetUtcNow(), $"{hook} {string.Join(' ', words)}"));
        return file;
    }

    private void Bound(string? file)
    {
        if (file is not null)
        {
            Kept(() => _output.Cut(file));
        }
    }

    /// <summary>Keeping output is worth less than running hooks: a full disk only costs the file.</summary>
    private void Kept(Action keep)
    {
        try
        {
            keep();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            OutputFailure = $"output of hooks of module {places.Module} is not kept: {failure.Message}";
        }
    }

    private static HookResult Refused(string hook, bool forced, string sentence) =>
        new(hook, forced, HookOutcome.NotStarted, -1, TimeSpan.Zero, null, sentence);
}
