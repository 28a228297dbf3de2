// cluster init, join, token, status; witness is in WitnessVerb.
using System.Collections.Immutable;
using System.CommandLine;
using HaMirror.Cli.View;
using HaMirror.Core.Api;
using Spectre.Console;

namespace HaMirror.Cli.Verbs;

/// <summary>The verbs of <c>cluster</c>.</summary>
internal static class ClusterVerbs
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command root, Invocation invocation, Dictionary<Command, string> examples)
    {
        var group = new Command("cluster", "Make the two nodes know each other.");
        AddInit(group, invocation, examples);
        AddJoin(group, invocation, examples);
        AddToken(group, invocation, examples);
        AddStatus(group, invocation, examples);
        WitnessVerb.AddTo(group, invocation, examples);
        examples[group] = """
            hamirror cluster init node1 10.0.0.1 node2 10.0.0.2   on the first node
            hamirror cluster join TOKEN                           on the second
            """;
        root.Add(group);
    }

    private static Option<bool> Replace() => new("--replace")
    {
        Description = "Leave the cluster that this node belongs to; refused while a module runs.",
    };

    private static void AddInit(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var node = new Argument<string>("NODE") { Description = "This node's name" };
        var address = new Argument<string>("ADDRESS") { Description = "This node's address on the first LAN" };
        var peer = new Argument<string>("PEER") { Description = "The peer's name" };
        var peerAddress = new Argument<string>("PEERADDRESS") { Description = "The peer's address there" };
        var lans = new Option<string[]>("--lan")
        {
            Description = "A further LAN: its name, this node's address, the peer's.", HelpName = "NAME=ADDRESS,PEERADDRESS",
        };
        lans.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => ReadLan(token.Value) is null))
            {
                result.AddError($"--lan takes NAME=ADDRESS,PEERADDRESS, not '{token.Value}'.");
            }
        });
        var witnesses = new Option<string[]>("--witness")
        {
            Description = "Asked by a node that hears its peer no more; something that both nodes reach, such as the gateway. Any number.", HelpName = "ADDRESS",
        };
        var replace = Replace();
        var command = new Command("init", "Make a cluster and its key; print a token for the peer to join with.")
        {
            node, address, peer, peerAddress, lans, witnesses, replace,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = new ClusterInitRequest(
                parsed.GetRequiredValue(node), parsed.GetRequiredValue(address), parsed.GetRequiredValue(peer),
                parsed.GetRequiredValue(peerAddress),
                [.. (parsed.GetValue(lans) ?? []).Select(ReadLan).OfType<LanRequest>()], parsed.GetValue(replace))
            {
                Witnesses = [.. parsed.GetValue(witnesses) ?? []],
            };
            var token = await invocation.Agent.PostAsync(
                ApiPath.ClusterInit, request, ApiJson.Default.ClusterInitRequest, ApiJson.Default.JoinToken, cancellation);
            Show(invocation, token, request.Peer);
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror cluster init node1 10.0.0.1 node2 10.0.0.2
            hamirror cluster init node1 10.0.0.1 node2 10.0.0.2 --lan repl=10.1.0.1,10.1.0.2
            hamirror cluster init node1 10.0.0.1 node2 10.0.0.2 --witness 10.0.0.254
            """;
        group.Add(command);
    }

    private static void AddJoin(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var token = new Argument<string>("TOKEN") { Description = "As 'cluster init' printed it on the other node; '-' reads it from the input, so that no list of processes shows it" };
        var replace = Replace();
        var command = new Command("join", "Join the cluster that made the token.") { token, replace };
        command.SetAction(async (parsed, cancellation) =>
        {
            var given = parsed.GetRequiredValue(token);
            var request = new ClusterJoinRequest(given == "-" ? invocation.Input.ReadLine() ?? "" : given, parsed.GetValue(replace));
            var status = await invocation.Agent.PostAsync(
                ApiPath.ClusterJoin, request, ApiJson.Default.ClusterJoinRequest, ApiJson.Default.ClusterStatus, cancellation);
            invocation.Screen.MarkupLine(
                $"This node is now {Markup.Escape(status.Node)}, the peer of {Markup.Escape(status.Peer)}.");
            return ExitCode.Done;
        });
        examples[command] = """
            hamirror cluster join hmj1-...
            hamirror cluster join -          the token comes as the first line of the input
            """;
        group.Add(command);
    }

    private static void AddToken(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var command = new Command("token", "Print another join token, when the first has expired.");
        command.SetAction(async (_, cancellation) =>
        {
            Show(invocation, await invocation.Agent.PostAsync(ApiPath.ClusterToken, ApiJson.Default.JoinToken, cancellation),
                "the peer");
            return ExitCode.Done;
        });
        examples[command] = "hamirror cluster token";
        group.Add(command);
    }

    private static void AddStatus(Command group, Invocation invocation, Dictionary<Command, string> examples)
    {
        var command = new Command("status", "Show the nodes and the LANs between them.");
        command.SetAction(async (_, cancellation) =>
        {
            var status = await invocation.Agent.GetAsync(ApiPath.Cluster, ApiJson.Default.ClusterStatus, cancellation);
            invocation.Screen.MarkupLine(
                $"[bold]{Markup.Escape(status.Node)}[/] and {Markup.Escape(status.Peer)}, cluster {Markup.Escape(status.Id)}");
            invocation.Screen.MarkupLine(status.PeerHeard ? "[green]the peer is heard[/]" : "[red]the peer is silent[/]");
            foreach (var lan in status.Lans)
            {
                invocation.Screen.MarkupLine("  " + Words.Lan(lan));
            }

            invocation.Screen.MarkupLine(status.Witnesses.IsDefaultOrEmpty
                ? "no witness: name one with 'hamirror cluster witness ADDRESS'"
                : Markup.Escape($"witness {string.Join(", ", status.Witnesses)}"));
            if (status.TokenExpires is { } expires)
            {
                invocation.Screen.MarkupLine($"A join token waits to be used until {expires.ToLocalTime():HH:mm}.");
            }

            return ExitCode.Done;
        });
        examples[command] = "hamirror cluster status";
        group.Add(command);
    }

    private static void Show(Invocation invocation, JoinToken token, string peer)
    {
        invocation.Screen.MarkupLine(
            $"On {Markup.Escape(peer)}, until {token.Expires.ToLocalTime():HH:mm} and once:");
        invocation.Output.WriteLine($"hamirror cluster join {token.Token}");
    }

    /// <summary>Null when the text has another form.</summary>
    private static LanRequest? ReadLan(string text)
    {
        var parts = text.Split('=', ',');
        return parts is [{ Length: > 0 } name, { Length: > 0 } address, { Length: > 0 } peer]
            ? new LanRequest(name, address, peer)
            : null;
    }
}
