// cluster witness: whom a node asks that hears its peer no more.
using System.CommandLine;
using System.Net.Http.Json;
using HaMirror.Cli.Agent;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verb <c>cluster witness</c>.</summary>
internal static class WitnessVerb
{
    /// <summary>Adds it.</summary>
    public static void AddTo(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var addresses = new Argument<string[]>("ADDRESS") { Description = "What both nodes reach and neither is, such as the gateway; replaces those that are set", Arity = ArgumentArity.ZeroOrMore };
        var none = new Option<bool>("--none") { Description = "Without witness: nodes that cannot see each other both go on alone." };
        var test = new Option<bool>("--test") { Description = "Ask the witnesses now, from both nodes." };
        var command = new Command("witness", "Show, set or test whom a node asks that hears its peer no more; also while modules run.") { addresses, none, test };
        command.SetAction(async (parsed, cancellation) =>
        {
            var wanted = parsed.GetValue(addresses) ?? [];
            if (parsed.GetValue(none) && wanted.Length > 0)
                throw new RefusedException(ExitCode.Refused, "--none and an ADDRESS do not go together.");
            if (parsed.GetValue(none) || wanted.Length > 0) await SetAsync(invocation, wanted, cancellation);
            if (parsed.GetValue(test)) return await TestAsync(invocation, cancellation);
            await ShowAsync(invocation, cancellation);
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror cluster witness                    who is asked, by which module
            hamirror cluster witness 10.0.0.254         on both nodes, at once
            hamirror cluster witness --test
            """;
        group.Add(command);
    }

    private static async Task SetAsync(Invocation invocation, string[] wanted, CancellationToken cancellation)
    {
        var file = await invocation.Agent.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile, cancellation);
        using var body = JsonContent.Create(file with { Witnesses = [.. wanted] }, ConsoleJson.Default.ClusterFile);
        var applied = await invocation.Agent.ChangeAsync(HttpMethod.Put, ConsolePath.ClusterConfiguration, body, file.Version, ConsoleJson.Default.ClusterApplied, cancellation);
        if (applied.Waiting is { } waiting) invocation.Screen.MarkupLine($"[yellow]{Markup.Escape(waiting)}[/]");
        foreach (var note in applied.Notes) invocation.Screen.MarkupLine(Markup.Escape(note));
    }

    private static async Task ShowAsync(Invocation invocation, CancellationToken cancellation)
    {
        var status = await invocation.Agent.GetAsync(ConsolePath.ClusterWitness, ConsoleJson.Default.WitnessStatus, cancellation);
        invocation.Screen.MarkupLine(status.Witnesses.IsEmpty ? "The cluster has no witness." : Markup.Escape($"witness {string.Join(", ", status.Witnesses)}"));
        foreach (var module in status.Modules)
        {
            var asks = module.Witnesses.IsEmpty ? "[yellow]asks nobody: nodes that cannot see each other both go on alone[/]" : Markup.Escape($"asks {string.Join(", ", module.Witnesses)}");
            invocation.Screen.MarkupLine($"  {Markup.Escape(module.Module)} {asks}{(module.OwnSetting ? " (its own splitbrain checker)" : "")}");
        }
    }

    private static async Task<int> TestAsync(Invocation invocation, CancellationToken cancellation)
    {
        var cluster = await invocation.Agent.GetAsync(ApiPath.Cluster, ApiJson.Default.ClusterStatus, cancellation);
        var good = true;
        foreach (var node in new[] { cluster.Node, cluster.Peer })
        {
            var test = await invocation.Agent.PostAsync(ConsolePath.At(node, ConsolePath.ClusterWitnessTest), ConsoleJson.Default.WitnessTest, cancellation);
            invocation.Screen.MarkupLine($"[{(test.Reachable ? "green" : "red")}]{Markup.Escape(test.Text)}[/]");
            foreach (var answer in test.Witnesses) invocation.Screen.MarkupLine("  " + Markup.Escape(answer.Text));
            good &= test.Reachable;
        }

        return good ? ExitCode.Done : ExitCode.Refused;
    }
}
