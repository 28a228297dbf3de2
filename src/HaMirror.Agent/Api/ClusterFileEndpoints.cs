using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HaMirror.Agent.Access;
using HaMirror.Agent.Changes;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Nodes;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Io.Witness;

namespace HaMirror.Agent.Api;

/// <summary><c>/v1/cluster/configuration</c> and <c>/v1/cluster/check</c>.</summary>
internal static class ClusterFileEndpoints
{
    private const int NameLengthMax = 64;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    public static void MapClusterFile(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePath.ClusterConfiguration, (HttpContext context, NodeService node, ChangeStore changes, ChangeParticipant own) =>
        {
            var cluster = Cluster(node);
            Precondition.Show(context, VersionOf(cluster));
            return context.Response.WriteAsJsonAsync(
                new ClusterFile(VersionOf(cluster), cluster.Port, [.. cluster.Lans.Select(Show)], changes.Find(".cluster") is { } change ? own.Show(change) : null, cluster.Witnesses), ConsoleJson.Default.ClusterFile);
        });
        app.MapPut(ConsolePath.ClusterConfiguration, async (HttpContext context, NodeService node, ChangeDesk desk) =>
        {
            var cluster = Cluster(node);
            Precondition.Check(context, VersionOf(cluster), "the cluster's configuration");
            var request = await ApiBody.ReadAsync(context, ConsoleJson.Default.ClusterFile);
            var lans = Read(request);
            if (lans.FirstOrDefault(lan => !IsName(lan.Name) && cluster.Lans.All(present => present.Name != lan.Name)) is { } odd)
                throw new Refusal(Refusal.BadRequest, $"'{Printable.Of(odd.Name)}' is no name of a LAN: use letters, digits, dots, underscores and hyphens, at most {NameLengthMax}.");
            var asked = cluster with { Lans = lans, Witnesses = request.Witnesses.IsDefault ? cluster.Witnesses : [.. request.Witnesses.Select(address => address ?? "")] };
            var text = ClusterXml.Write(asked);
            var changed = node.RefuseCluster(text);
            var change = desk.New(ChangeKind.Cluster, "", VersionOf(changed), Caller.Of(context).Name, null, needsStop: false);
            var waits = await desk.MakeAsync(change, [new ModuleFile("cluster.xml", text, null, false)]);
            Precondition.Show(context, VersionOf(changed));
            await context.Response.WriteAsJsonAsync(
                new ClusterApplied(VersionOf(changed), waits is null, waits, Notes(cluster, changed)), ConsoleJson.Default.ClusterApplied);
        });
        app.MapPost(ConsolePath.ClusterCheck, async (HttpContext context, NodeService node, NodeChannel channel) =>
        {
            var request = await ApiBody.ReadAsync(context, ConsoleJson.Default.AddressCheckRequest);
            var check = await CheckAsync(request.Address ?? "", request.Kind ?? "", context.RequestAborted);
            if (request.Kind == "peer" && check.Valid && node.Membership is { } cluster) check = await AskPeerAsync(context, check, cluster.PeerName, channel);
            await context.Response.WriteAsJsonAsync(check, ConsoleJson.Default.AddressCheck);
        });
    }

    private static ImmutableArray<string> Notes(ClusterConfiguration before, ClusterConfiguration now)
    {
        var notes = ImmutableArray.CreateBuilder<string>();
        if (!now.HasSameLans(before)) notes.Add("Heartbeats use the new LANs from now on; a module's replication from its next start on.");
        if (!now.Witnesses.SequenceEqual(before.Witnesses)) notes.Add("Modules without a splitbrain checker of their own ask the new witnesses from now on.");
        return notes.ToImmutable();
    }

    /// <summary>Whether the address is one of the other node's, by its own word over the nodes' channel: what answers a ping may be
    /// any machine.</summary>
    private static async Task<AddressCheck> AskPeerAsync(HttpContext context, AddressCheck check, string peer, NodeChannel channel)
    {
        try
        {
            using var body = JsonContent.Create(new AddressCheckRequest(check.Address, "own"), ConsoleJson.Default.AddressCheckRequest);
            using var request = PeerRequest.Of(context, HttpMethod.Post, ConsolePath.ClusterCheck, body);
            using var answer = await channel.SendAsync(request, AnswerTimeout, context.RequestAborted);
            if (!answer.IsSuccessStatusCode || await answer.Content.ReadFromJsonAsync(ConsoleJson.Default.AddressCheck, context.RequestAborted) is not { } theirs) return check;
            var answers = check.Answers == true ? "answers" : "does not answer a ping from here";
            var text = theirs.Valid ? $"{check.Address} is {peer}, and {answers}." : $"{check.Address} {answers}, but {peer} does not have it: {peer} has {string.Join(", ", theirs.Own)}.";
            return check with { OfPeer = theirs.Valid, Text = text };
        }
        catch (Exception error) when (error is Refusal or JsonException or HttpRequestException or IOException)
        {
            return check with { Text = $"{check.Text} Whether it is {peer} is not known: {peer} does not answer." };
        }
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= NameLengthMax && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');

    private static ClusterConfiguration Cluster(NodeService node) => node.Membership?.Configuration
        ?? throw new Refusal(Refusal.Conflict, "This node belongs to no cluster yet.", "Run 'hamirror cluster init' or 'hamirror cluster join'.");

    private static string VersionOf(ClusterConfiguration cluster) =>
        ModuleContent.Text(BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(ClusterXml.Write(cluster)))) | 1);

    private static ClusterLan Show(LanConfiguration lan) =>
        new(lan.Name, [.. lan.Nodes.Select(node => new ClusterNode(node.Name, node.Address, node.LocalAddress == node.Address ? null : node.LocalAddress))]);

    private static ImmutableArray<LanConfiguration> Read(ClusterFile request)
    {
        if (request.Lans.IsDefaultOrEmpty || request.Lans.Any(lan => lan is null || lan.Nodes.IsDefaultOrEmpty || lan.Nodes.Any(node => node is null)))
            throw new Refusal(Refusal.BadRequest, "A cluster has at least one LAN, and each LAN both nodes.");
        return
        [
            .. request.Lans.Select(lan => new LanConfiguration(lan.Name ?? "", [.. lan.Nodes.Select(node => new NodeAddress(
                node.Name ?? "", node.Address ?? "", node.LocalAddress is { Length: > 0 } local ? local : node.Address ?? ""))])),
        ];
    }

    private static async Task<AddressCheck> CheckAsync(string text, string kind, CancellationToken cancellation)
    {
        if (kind is not ("own" or "peer" or "witness")) throw new Refusal(Refusal.BadRequest, $"'{Printable.Of(kind)}' is none of own, peer and witness.");
        var own = OwnAddresses();
        if (NetworkAddress.Refusal(text, out var clean) is { } refusal) return new AddressCheck(text, false, null, char.ToUpperInvariant(refusal[0]) + refusal[1..] + ".", own);
        IPAddress address;
        try
        {
            address = IPAddress.TryParse(clean, out var literal) ? literal : (await Dns.GetHostAddressesAsync(clean, cancellation)).First();
        }
        catch (Exception error) when (error is SocketException or InvalidOperationException)
        {
            return new AddressCheck(clean, false, null, $"The name '{clean}' cannot be resolved here: {error.Message}.", own);
        }

        var mine = IsOwn(address);
        if (kind == "own")
            return new AddressCheck(clean, mine, null, mine ? "It is an address of this node." : $"This node does not have the address {address}; it has {string.Join(", ", own)}.", own);
        if (mine) return new AddressCheck(clean, false, null, $"{address} is an address of this node itself.", own);
        var answers = await new WitnessPing().AnyAnswersAsync([address.ToString()], AnswerTimeout, cancellation);
        return new AddressCheck(clean, true, answers, answers ? $"{address} answers."
            : kind == "witness" ? $"{address} does not answer a ping: a node that loses its peer would wait." : $"{address} does not answer a ping; it may be off, or a firewall may drop pings.", own);
    }

    private static bool IsOwn(IPAddress address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static ImmutableArray<string> OwnAddresses() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces().Where(one => one.OperationalStatus == OperationalStatus.Up || one.NetworkInterfaceType == NetworkInterfaceType.Loopback)
            .SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address)
            .Where(address => !address.IsIPv6LinkLocal && !IPAddress.IsLoopback(address)).Select(address => address.ToString()).Distinct(),
    ];
}
