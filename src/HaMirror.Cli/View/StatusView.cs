// The picture that `hamirror status` shows:
//
//   node1, peer node2, HaMirror 0.1.0, running for 3 d 2 h
//     LAN default  10.0.0.1 - 10.0.0.2  heard 120 ms ago
//   vm1  PRIM Ready for 2 h 5 min, up to date
//     peer      SECOND Ready, up to date
//     reason    ...
//     resync    45.3 %, 1.2 GiB copied, 3 GiB to do, 110 MiB/s, 12 s left
//     to do     ...
using System.Globalization;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.View;

/// <summary>Shows a node's status.</summary>
internal static class StatusView
{
    /// <summary>Writes it.</summary>
    /// <param name="now">For durations.</param>
    /// <param name="verbose">With what each module uses of the kernel.</param>
    public static void Write(IAnsiConsole screen, NodeStatus status, DateTimeOffset now, bool verbose = false)
    {
        var running = Words.Duration((now - status.Started).TotalSeconds);
        if (status.Node.Length == 0)
        {
            screen.MarkupLine($"This node belongs to no cluster yet (HaMirror {Markup.Escape(status.Version)}, running for {running}).");
            screen.MarkupLine("  [bold]to do[/]     'hamirror cluster init --help' shows how to make one.");
        }
        else
        {
            screen.MarkupLine(
                $"[bold]{Markup.Escape(status.Node)}[/], peer {Markup.Escape(status.Peer)}, HaMirror "
                + $"{Markup.Escape(status.Version)}, running for {running}");
        }

        foreach (var lan in status.Lans)
        {
            screen.MarkupLine("  " + Words.Lan(lan));
        }

        var peerHeard = status.Lans.Any(lan => lan is { Lost: false, SilentMilliseconds: not null });
        var refused = !peerHeard && status.Lans.Any(lan => lan.Refusal is not null);
        foreach (var module in status.Modules)
        {
            Write(screen, module, (status.Peer, peerHeard, refused), now);
            foreach (var feature in verbose ? module.Features : [])
            {
                Row(screen, "kernel", $"{Markup.Escape(feature.Name)}: {Markup.Escape(feature.State)}, {Markup.Escape(feature.Note)}");
            }
        }

        if (status.Modules.IsEmpty && status.Node.Length > 0)
        {
            screen.MarkupLine("No module yet. Make one with 'hamirror module add NAME'.");
        }
    }

    /// <summary>The module has no configuration in force, so its state and replica mean nothing yet.</summary>
    public static bool HasNeverRun(ModuleStatus module) => module.Since == DateTimeOffset.UnixEpoch;

    private static void Write(IAnsiConsole screen, ModuleStatus module, (string Name, bool Heard, bool Refused) peer, DateTimeOffset now)
    {
        if (HasNeverRun(module))
        {
            screen.MarkupLine($"[bold]{Markup.Escape(module.Module)}[/]  {Words.State(module.State, module.Phase)}");
        }
        else
        {
            screen.MarkupLine(
                $"[bold]{Markup.Escape(module.Module)}[/]  {Words.State(module.State, module.Phase)} for "
                + $"{Words.Duration((now - module.Since).TotalSeconds)}, {Words.Condition(module.Condition)}"
                + (module.FailoverOn ? "" : ", [yellow]failover off[/]"));
            Row(screen, "peer", Peer(module));
        }

        if (module.Reason is { Length: > 0 } reason)
        {
            Row(screen, "reason", Markup.Escape(reason));
        }

        if (module.Resync is { } resync)
        {
            Row(screen, "resync", Resync(resync));
        }

        if (module.DirtyBytes is > 0 and var dirty)
        {
            Row(screen, "differs", $"{Words.Size(dirty)} may differ from the peer's replica");
        }

        foreach (var resource in module.Resources.Where(resource => resource.State != "up"))
        {
            var colour = resource.State == "down" ? "red" : "yellow";
            Row(screen, "resource", $"{Markup.Escape(resource.Name)} [{colour}]{Markup.Escape(resource.State)}[/]");
        }

        foreach (var note in module.Notes)
        {
            Row(screen, "note", $"[yellow]{Markup.Escape(note)}[/]");
        }

        if (Advice.For(module, peer.Name, peer.Heard, peer.Refused) is { } advice)
        {
            Row(screen, "to do", $"[bold]{Markup.Escape(advice)}[/]");
        }
    }

    private static void Row(IAnsiConsole screen, string label, string markup) =>
        screen.MarkupLine($"  [grey]{label,-9}[/] {markup}");

    private static string Peer(ModuleStatus module)
    {
        if (!module.PeerHeard || module.PeerState is null)
        {
            return "[red]not heard[/]";
        }

        var condition = module.PeerCondition is { } known ? ", " + Words.Condition(known) : "";
        return Words.State(module.PeerState, module.PeerPhase ?? "") + condition;
    }

    private static string Resync(ResyncStatus resync)
    {
        var way = resync.Source ? "to the peer" : "from the peer";
        var left = resync.SecondsLeft is { } seconds ? $", {Words.Duration(seconds)} left" : "";
        var plan = resync.Plan.Length > 0 ? $" ({Markup.Escape(resync.Plan)})" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{resync.Percent:0.0} % {way}{plan}, ")
            + $"{Words.Size(resync.BytesCompared)} compared, {Words.Size(resync.BytesCopied)} copied, "
            + $"{Words.Size(resync.BytesToDo)} to do, {Words.Size(resync.BytesPerSecond)}/s{left}";
    }
}
