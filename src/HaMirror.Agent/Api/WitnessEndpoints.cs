using System.Collections.Immutable;
using System.Diagnostics;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Io.Witness;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/cluster/witness</c>: whom a node asks that hears its peer no more. It is changed with the cluster's configuration.</summary>
internal static class WitnessEndpoints
{
    public static void MapWitness(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.ClusterWitness, (HttpContext context, NodeService node, ModuleRoster roster) =>
        {
            var cluster = Cluster(node);
            ImmutableArray<ModuleWitness> modules =
            [
                .. roster.Definitions.Where(definition => definition.Active is not null).Select(definition => new ModuleWitness(
                    definition.Name, cluster.Complete(definition.Active!).Witnesses, definition.Active!.Checks.Any(check => check.Kind == CheckKind.SplitBrain))),
            ];
            return context.Response.WriteAsJsonAsync(new WitnessStatus(cluster.Witnesses, modules), ConsoleJson.Default.WitnessStatus);
        });
        app.MapPost(ConsolePath.ClusterWitnessTest, async (HttpContext context, NodeService node) =>
        {
            var cluster = Cluster(node);
            if (cluster.Witnesses.IsEmpty)
                throw new Refusal(Refusal.Conflict, "The cluster has no witness.", "Name one on the page Cluster, or with 'hamirror cluster witness ADDRESS'.");
            var answers = await Task.WhenAll(cluster.Witnesses.Select(address => AskAsync(address, context.RequestAborted)));
            var name = node.Membership!.NodeName;
            var reachable = answers.Any(answer => answer.Answers);
            var text = reachable ? $"{name} reaches a witness: it would go on alone if its peer were silent."
                : $"{name} reaches no witness: it would wait if its peer were silent, and a primary would stop its service.";
            await context.Response.WriteAsJsonAsync(new WitnessTest(name, reachable, text, [.. answers]), ConsoleJson.Default.WitnessTest);
        });
    }

    /// <summary>As arbitration does, with the same time-out.</summary>
    private static async Task<WitnessAnswer> AskAsync(string address, CancellationToken cancellation)
    {
        var begun = Stopwatch.GetTimestamp();
        var answers = await new WitnessPing().AnyAnswersAsync([address], WitnessPing.DefaultTimeout, cancellation);
        var took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        return answers ? new WitnessAnswer(address, true, took, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{address} answered after {took:0.0} ms."))
            : new WitnessAnswer(address, false, null, $"{address} did not answer within {WitnessPing.DefaultTimeout.TotalMilliseconds:0} ms: it is off, unreachable from here, drops pings, or its name does not resolve.");
    }

    private static ClusterConfiguration Cluster(NodeService node) => node.Membership?.Configuration
        ?? throw new Refusal(Refusal.Conflict, "This node belongs to no cluster yet.", "Run 'hamirror cluster init' or 'hamirror cluster join'.");
}
