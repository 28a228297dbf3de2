using System.Net.Sockets;
using System.Text.Json;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Configuration;
using HaMirror.Io.Join;

namespace HaMirror.Agent.Cluster;

/// <summary>Uses a join token: fetches the cluster's configuration and key from the node that made it.</summary>
internal static class JoinClient
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private const string Remedy = "Make another token with 'hamirror cluster token' on the other node; each is good for one join within 10 minutes.";

    /// <exception cref="Refusal">The token is wrong, expired or used, or the other node cannot be reached.</exception>
    public static async Task JoinAsync(string text, ClusterStore store, string version, CancellationToken cancellation)
    {
        if (!JoinSecret.TryParse(text, out var secret))
            throw new Refusal(Refusal.BadRequest, "That is no join token.", "A token begins with 'hmj1-'; copy all of it.");
        var socket = await ConnectAsync(secret, cancellation);
        await Task.Run(() => Fetch(socket, secret, store, version), cancellation);
    }

    private static async Task<Socket> ConnectAsync(JoinSecret secret, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Timeout);
        try
        {
            await socket.ConnectAsync(secret.Address, secret.Port, deadline.Token);
            return socket;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            throw error is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? new Refusal(Refusal.Conflict, $"The node at {secret.Address} waits for no join: the token has expired or was used, or its agent has been restarted.", Remedy)
                : new Refusal(Refusal.Conflict, $"The node at {secret.Address} port {secret.Port} (TCP) cannot be reached: "
                    + (error is SocketException ? error.Message : $"no answer within {Timeout.TotalSeconds:0} s") + ".",
                    "Check that all of the token was copied, then the network and the firewall between the two nodes.");
        }
    }

    private static void Fetch(Socket socket, JoinSecret secret, ClusterStore store, string version)
    {
        try
        {
            using var channel = new JoinChannel(socket, server: false, secret.Secret, Timeout);
            var grant = JsonSerializer.Deserialize(channel.Receive(), JoinJson.Default.JoinGrant)
                ?? throw new JsonException("The other node sent nothing.");
            Keep(grant, store);
            channel.Send(JsonSerializer.SerializeToUtf8Bytes(new JoinReceipt(grant.NodeName, version), JoinJson.Default.JoinReceipt));
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            throw new Refusal(Refusal.Conflict, $"The node at {secret.Address} refused the token: it is wrong, expired or used ({error.Message})", Remedy);
        }
    }

    private static void Keep(JoinGrant grant, ClusterStore store)
    {
        var parsed = ClusterXml.Parse(grant.ClusterXml, "cluster.xml of the other node");
        if (!parsed.Succeeded) throw new Refusal(Refusal.Conflict, parsed.Errors[0].ToString(), "Correct it on the other node.");
        try
        {
            store.Save(parsed.Value, grant.Key, grant.NodeName);
        }
        catch (IOException error)
        {
            throw new Refusal(Refusal.Conflict, error.Message, Remedy); // The token is used up all the same.
        }
    }
}
