// How well a module is, in the words of Nagios and its kin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
// Rule: CRITICAL is a service that runs nowhere; WARNING is one that runs and could not fail over, or soon could not; what an
// operator stopped on both nodes runs nowhere too, and a planned stop is announced to the monitor, not guessed here.
using System.Globalization;
using HaMirror.Core.Api;

namespace HaMirror.Cli.View;

/// <summary>One finding.</summary>
/// <param name="Level">0 to 3.</param>
/// <param name="Sentence">Begins with what it is about.</param>
internal sealed record Health(int Level, string Sentence)
{
    public const int Ok = 0, Warning = 1, Critical = 2, Unknown = 3;

    /// <summary>The word for a level.</summary>
    public static string Word(int level) => level switch { Ok => "OK", Warning => "WARNING", Critical => "CRITICAL", _ => "UNKNOWN" };

    /// <summary>Of one module, as this node sees it.</summary>
    public static Health Of(ModuleStatus module)
    {
        var here = module is { State: "ALONE" or "PRIM", Phase: "Ready" };
        var there = module is { PeerHeard: true, PeerState: "ALONE" or "PRIM", PeerPhase: "Ready" };
        var text = $"{module.Module} {module.State} {module.Phase}";
        if (module.Resync is { } resync)
        {
            text += string.Create(CultureInfo.InvariantCulture, $", resync {resync.Percent:0.0} %");
        }

        if (!here && !there)
        {
            return new Health(Critical, $"{text}: the service runs on no node that is heard{Reason(module)}");
        }

        if (module.Resources.FirstOrDefault(resource => resource.State == "down") is { } down)
        {
            return new Health(Warning, $"{text}: resource {down.Name} is down");
        }

        if (!module.FailoverOn)
        {
            return new Health(Warning, $"{text}: failover is off");
        }

        var other = module.PeerHeard ? $"{module.PeerState} {module.PeerPhase}" : "not heard";
        return module is { State: "PRIM" or "SECOND", Phase: "Ready", PeerHeard: true, PeerPhase: "Ready" }
            ? new Health(Ok, $"{text}, peer {other}")
            : new Health(Warning, $"{text}: no second copy could take over now, peer {other}{Reason(module)}");
    }

    /// <summary>Numbers for a graph, in the plugins' form: 'label'=value[unit];warn;crit;min;max.</summary>
    public static IEnumerable<string> Numbers(ModuleStatus module)
    {
        var state = ExitCode.OfState(module.State);
        yield return $"'{module.Module}_state'={state};;;0;4";
        if (module.DirtyBytes is { } dirty)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"'{module.Module}_dirty'={dirty}B;;;0");
        }

        if (module.Resync is { } resync)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"'{module.Module}_resync'={resync.Percent:0.0}%;;;0;100");
            yield return string.Create(CultureInfo.InvariantCulture, $"'{module.Module}_resync_left'={resync.BytesToDo}B;;;0");
        }
    }

    /// <summary>Of a LAN.</summary>
    public static Health Of(LanStatus lan) => lan.Lost
        ? new Health(Warning, $"LAN {lan.Name}: the peer is not heard")
        : new Health(Ok, $"LAN {lan.Name} heard");

    private static string Reason(ModuleStatus module) => module.Reason is { Length: > 0 } reason ? " (" + reason.TrimEnd('.') + ")" : "";
}
