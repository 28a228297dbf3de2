// What a snapshot does not tell: how often and when this node took a service over, what hooks took, how much was logged. Counted
// from the lines of its log since the agent's start.
using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using HaMirror.Agent.Events;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Monitoring;

/// <summary>One module's past in this process.</summary>
/// <param name="Failovers">Times that this node took the service over from the other one, a swap included.</param>
/// <param name="HookSeconds">Duration of each hook's last run.</param>
/// <param name="Lines">Lines logged, by level.</param>
internal sealed record ModuleHistory(
    long Failovers, DateTimeOffset? LastFailover, ImmutableSortedDictionary<string, double> HookSeconds, ImmutableSortedDictionary<string, long> Lines)
{
    public static readonly ModuleHistory None = new(0, null,
        ImmutableSortedDictionary.Create<string, double>(StringComparer.Ordinal), ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));
}

/// <summary>Keeps the past of all modules.</summary>
internal sealed partial class HistoryTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ModuleHistory> _modules = new(StringComparer.Ordinal);
    private readonly HashSet<string> _wereStandby = new(StringComparer.Ordinal);

    internal HistoryTable()
    {
    }

    public HistoryTable(EventWatch watch) => watch.Logged += Heard;

    public ModuleHistory Of(string module)
    {
        lock (_lock) return _modules.GetValueOrDefault(module, ModuleHistory.None);
    }

    internal void Heard(LogLine line)
    {
        lock (_lock)
        {
            var past = _modules.GetValueOrDefault(line.Module, ModuleHistory.None);
            past = past with { Lines = past.Lines.SetItem(line.Level, past.Lines.GetValueOrDefault(line.Level) + 1) };
            if (HookLine().Match(line.Text) is { Success: true } hook)
                past = past with { HookSeconds = past.HookSeconds.SetItem(hook.Groups[1].Value, double.Parse(hook.Groups[2].Value, CultureInfo.InvariantCulture)) };
            if (StateLine.TryRead(line, out var state, out var phase) && TookOver(line.Module, state, phase))
                past = past with { Failovers = past.Failovers + 1, LastFailover = line.Time };
            _modules[line.Module] = past;
        }
    }

    /// <summary>A standby that serves next has taken over; what passes between does not matter.</summary>
    private bool TookOver(string module, string state, string phase)
    {
        switch (state, phase)
        {
            case ("SECOND", "Ready"):
                _wereStandby.Add(module);
                return false;
            case ("ALONE" or "PRIM", "Ready"):
                return _wereStandby.Remove(module);
            case ("STOP", _) or ("WAIT", "NotReady"):
                _wereStandby.Remove(module);
                return false;
            default:
                return false;
        }
    }

    [GeneratedRegex(@"^Script (.+?) > .* \((\d+\.\d) s\)$")]
    private static partial Regex HookLine();
}
