
namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Reads server-sent events.</summary>
internal sealed class EventReader : IAsyncDisposable
{
    private readonly HttpResponseMessage _answer;
    private readonly StreamReader _reader;
    private readonly CancellationToken _limit;

    private EventReader(HttpResponseMessage answer, Stream body, CancellationToken limit) =>
        (_answer, _reader, _limit) = (answer, new StreamReader(body), limit);

    /// <summary>One event.</summary>
    public sealed record One(string? Id, string Kind, string Data);

    public static async Task<EventReader> OpenAsync(ConsoleClient client, string path, string? after, CancellationToken limit)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (after is not null) request.Headers.Add("Last-Event-ID", after);
        var answer = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit);
        Assert.True(answer.IsSuccessStatusCode, $"GET {path}: {(int)answer.StatusCode}");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        return new EventReader(answer, await answer.Content.ReadAsStreamAsync(limit), limit);
    }

    /// <exception cref="IOException">The stream has ended.</exception>
    public async Task<One> NextAsync()
    {
        string? id = null, kind = null, data = null;
        while (await _reader.ReadLineAsync(_limit) is { } line)
        {
            if (line.Length == 0 && data is not null) return new One(id, kind ?? "message", data);
            var at = line.IndexOf(": ", StringComparison.Ordinal);
            if (at < 0) continue;
            var value = line[(at + 2)..];
            switch (line[..at])
            {
                case "id": id = value; break;
                case "event": kind = value; break;
                case "data": data = value; break;
            }
        }

        throw new IOException("The stream of events ended.");
    }

    public async Task<One> UntilAsync(Func<One, bool> wanted)
    {
        while (true)
        {
            if (await NextAsync() is { } one && wanted(one)) return one;
        }
    }

    public ValueTask DisposeAsync()
    {
        _answer.Dispose();
        return ValueTask.CompletedTask;
    }
}
