// Archives that were made as an operation lie here until they are fetched: .support below /var/lib/hamirror, 0600, the last few of the
// last hour and of this agent. Only what this process has made is ever given out, by its name.
using System.Collections.Concurrent;
using System.Text.Json;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Operations;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Support;

/// <summary>Makes archives for support and keeps them for a while.</summary>
internal sealed class SupportShelf(AgentFiles files, SupportArchive archive, OperationTable operations, TimeProvider clock)
{
    private const int KeptMax = 3;
    private const string Kind = "support";
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _made = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _one = new(1);

    private string Place => $"{files.StateDirectory}/.support";

    private sealed record Step(string Text, double? Percent);

    /// <summary>Begins to make one.</summary>
    /// <param name="peer">The request to the other node for its half; null: this node alone. Disposed when it is done.</param>
    /// <exception cref="Refusal">One is being made.</exception>
    public OperationStatus Begin(HttpRequestMessage? peer, string by)
    {
        if (!_one.Wait(TimeSpan.Zero))
        {
            peer?.Dispose();
            throw new Refusal(Refusal.Conflict, "An archive for support is being made already.", "Wait for its end, or stop it: 'GET /v1/operations' shows it.");
        }

        var cancellation = new CancellationTokenSource();
        var step = new Step("The archive is begun.", 0);
        return operations.Begin(Kind, null, by, () => new OperationProgress(Volatile.Read(ref step).Text, Volatile.Read(ref step).Percent), async () =>
        {
            try
            {
                var made = await MakeAsync(peer, by, (text, percent) => Volatile.Write(ref step, new Step(text, percent)), cancellation.Token);
                return ("The archive is made.", JsonSerializer.SerializeToElement(made, ConsoleJson.Default.SupportMade));
            }
            finally
            {
                _one.Release();
                peer?.Dispose();
            }
        }, cancellation.Cancel);
    }

    /// <exception cref="Refusal">There is none of that name any more.</exception>
    public FileStream Open(string name)
    {
        try
        {
            if (_made.TryGetValue(name, out var time) && clock.GetUtcNow() - time < Kept) return new FileStream($"{Place}/{name}", FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (IOException)
        {
            // Somebody removed the file: as if it had never been.
        }

        throw new Refusal(Refusal.NotFound, "This node has no such archive, or no longer.", "Make one: POST /v1/support.");
    }

    private async Task<SupportMade> MakeAsync(HttpRequestMessage? peer, string by, Action<string, double> tell, CancellationToken cancellation)
    {
        MakeRoom();
        var name = archive.Name;
        var path = $"{Place}/{name}";
        try
        {
            long bytes;
            await using (var output = new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = AgentFiles.FileMode }))
            {
                await archive.WriteAsync(output, peer, by, cancellation, tell);
                bytes = output.Length;
            }

            _made[name] = clock.GetUtcNow();
            return new SupportMade(name, bytes);
        }
        catch (IOException error)
        {
            throw new Refusal(Refusal.Conflict, $"The archive cannot be written: {error.Message}", $"Make room below {files.StateDirectory}, or stream it: 'hamirror support FILE'.");
        }
        finally
        {
            if (!_made.ContainsKey(name)) File.Delete(path); // Half an archive.
        }
    }

    /// <summary>Removes what is old, what an earlier agent has left, and all but the last few.</summary>
    private void MakeRoom()
    {
        AgentFiles.Ensure(Place);
        foreach (var (name, time) in _made.OrderByDescending(one => one.Value).Select((one, index) => index < KeptMax - 1 ? one : new(one.Key, DateTimeOffset.MinValue)))
        {
            if (clock.GetUtcNow() - time >= Kept) _made.TryRemove(name, out _);
        }

        foreach (var file in Directory.GetFiles(Place))
        {
            if (!_made.ContainsKey(Path.GetFileName(file))) File.Delete(file);
        }
    }
}
