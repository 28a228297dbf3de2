// Has a qemu-storage-daemon mirror its local disk to the other node, writes waiting for both, by its QMP socket.
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HaMirror.Comparison;

/// <summary>The block job "mirror" of QEMU.</summary>
internal static class MirrorJob
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns once the copies are equal and every write goes to both.</summary>
    /// <exception cref="IOException">QEMU refused, or it took too long.</exception>
    public static async Task StartAsync(string socket, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), limit.Token);
        await using var stream = new NetworkStream(connection);
        using var reader = new StreamReader(stream);
        await using var writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\n" };
        await reader.ReadLineAsync(limit.Token); // the greeting
        await AskAsync(reader, writer, new JsonObject { ["execute"] = "qmp_capabilities" }, limit.Token);
        var arguments = new JsonObject
        {
            ["job-id"] = "mirror", ["device"] = "local", ["target"] = "remote", ["sync"] = "full", ["copy-mode"] = "write-blocking",
        };
        await AskAsync(reader, writer, new JsonObject { ["execute"] = "blockdev-mirror", ["arguments"] = arguments }, limit.Token);
        while (await AskAsync(reader, writer, new JsonObject { ["execute"] = "query-block-jobs" }, limit.Token) is var jobs
            && !(jobs is JsonArray { Count: > 0 } all && (bool)all[0]!["ready"]!))
        {
            if (jobs is not JsonArray { Count: > 0 })
            {
                throw new IOException("QEMU's mirror job ended before the copies were equal.");
            }

            await Task.Delay(Interval, limit.Token);
        }
    }

    private static async Task<JsonNode?> AskAsync(StreamReader reader, StreamWriter writer, JsonObject question, CancellationToken cancellation)
    {
        await writer.WriteLineAsync(question.ToJsonString().AsMemory(), cancellation);
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            var answer = Parse(line);
            if (answer["error"] is { } error)
            {
                throw new IOException($"QEMU refused {question["execute"]}: {error["desc"]}");
            }

            if (answer.ContainsKey("return"))
            {
                return answer["return"];
            }
        }

        throw new IOException("QEMU broke the connection off.");
    }

    private static JsonObject Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line)!.AsObject();
        }
        catch (JsonException)
        {
            throw new IOException($"QEMU sent what is no JSON: {line}");
        }
    }
}
