// HTTP over the agent's Unix socket (src/HaMirror.Core/Api/API.md).
// Invariant: whatever goes wrong leaves as a RefusedException, whose sentence needs no knowledge of HTTP.
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Core.Api;

namespace HaMirror.Cli.Agent;

/// <summary>Talks to the agent of this node.</summary>
internal sealed class AgentClient : IDisposable
{
    /// <summary>For requests that the agent answers at once; joining a cluster takes it up to 15 s.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Both nodes prepare and carry out a change.</summary>
    private static readonly TimeSpan ChangeTimeout = TimeSpan.FromMinutes(2);

    private readonly string socket;
    private readonly HttpClient http;

    public AgentClient(string socket)
    {
        this.socket = socket;
        var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync, UseProxy = false };
        http = new HttpClient(handler) { BaseAddress = new Uri("http://agent"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The agent's socket on this node, below <c>$HAMIRROR_ROOT</c> when that is set.</summary>
    public static string DefaultSocket => Environment.GetEnvironmentVariable(ApiPath.RootVariable) + ApiPath.Socket;

    public void Dispose() => http.Dispose();

    /// <summary>GET.</summary>
    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation, TimeSpan? timeout = null) =>
        AskAsync(HttpMethod.Get, path, null, type, timeout ?? AnswerTimeout, cancellation);

    /// <summary>POST with an answer.</summary>
    public Task<T> PostAsync<TBody, T>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellation,
        TimeSpan? timeout = null) =>
        AskAsync(HttpMethod.Post, path, JsonContent.Create(body, bodyType), type, timeout ?? AnswerTimeout, cancellation);

    /// <summary>POST of something that takes long: its operation, instead of an answer that comes late.</summary>
    public Task<OperationStatus> BeginAsync<TBody>(string path, TBody body, JsonTypeInfo<TBody> bodyType, CancellationToken cancellation) =>
        AskAsync(HttpMethod.Post, path, JsonContent.Create(body, bodyType), ConsoleJson.Default.OperationStatus, AnswerTimeout, cancellation, ("Prefer", "respond-async"));

    /// <summary>POST without a body.</summary>
    public Task<T> PostAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        AskAsync(HttpMethod.Post, path, null, type, AnswerTimeout, cancellation);

    /// <summary>PUT.</summary>
    public Task<T> PutAsync<TBody, T>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        AskAsync(HttpMethod.Put, path, JsonContent.Create(body, bodyType), type, AnswerTimeout, cancellation);

    /// <summary>A request whose answer has no body.</summary>
    public async Task SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellation)
    {
        using var answer = await ExchangeAsync(method, path, body, AnswerTimeout, cancellation);
    }

    /// <summary>A change of something that has a version.</summary>
    /// <param name="version">The one that was read; null: there was none.</param>
    public Task<T> ChangeAsync<T>(
        HttpMethod method, string path, HttpContent? body, string? version, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        AskAsync(method, path, body, type, ChangeTimeout, cancellation,
            version is null ? ("If-None-Match", "*") : ("If-Match", $"\"{version}\""));

    /// <summary>GET of something that is no JSON.</summary>
    public async Task SaveAsync(string path, Stream output, CancellationToken cancellation)
    {
        using var answer = await ExchangeAsync(HttpMethod.Get, path, null, AnswerTimeout, cancellation);
        try
        {
            await answer.Content.CopyToAsync(output, cancellation);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw new RefusedException(ExitCode.Refused, $"The agent broke off in the middle: {broken.Message}", "'journalctl -u hamirrord' may show why.");
        }
    }

    /// <summary>The lines of a module's log as they come.</summary>
    public async IAsyncEnumerable<LogLine> LogAsync(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var answer = await ExchangeAsync(HttpMethod.Get, path, null, Timeout.InfiniteTimeSpan, cancellation);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellation));
        while (await NextAsync(reader, cancellation) is { } line)
        {
            if (line.Length > 0)
            {
                yield return Parse(line);
            }
        }
    }

    private static LogLine Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ApiJson.Default.LogLine)!;
        }
        catch (JsonException)
        {
            throw Strange("a log line that is none");
        }
    }

    /// <summary>Null at the end, which an agent that goes away brings about too.</summary>
    private static async Task<string?> NextAsync(StreamReader reader, CancellationToken cancellation)
    {
        try
        {
            return await reader.ReadLineAsync(cancellation);
        }
        catch (IOException)
        {
            throw new RefusedException(ExitCode.NoAgent, "The agent has ended.", "'systemctl status hamirrord' shows why.");
        }
    }

    private async Task<T> AskAsync<T>(
        HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, TimeSpan timeout,
        CancellationToken cancellation, (string Name, string Value)? header = null)
    {
        using var answer = await ExchangeAsync(method, path, body, timeout, cancellation, header);
        try
        {
            return await answer.Content.ReadFromJsonAsync(type, cancellation) ?? throw Strange("nothing");
        }
        catch (JsonException)
        {
            throw Strange("an answer that is not of this version's form");
        }
    }

    private async Task<HttpResponseMessage> ExchangeAsync(
        HttpMethod method, string path, HttpContent? body, TimeSpan timeout, CancellationToken cancellation,
        (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (header is var (name, value))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (HttpRequestException e)
        {
            throw (e.InnerException as RefusedException) ?? new RefusedException(
                ExitCode.NoAgent, "The agent broke the connection off.", "'systemctl status hamirrord' shows why.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RefusedException(
                ExitCode.NoAgent, $"The agent did not answer within {timeout.TotalSeconds:0} s.",
                "'journalctl -u hamirrord' shows what holds it.");
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw await RefusalAsync(answer, cancellation);
        }
    }

    private static async Task<RefusedException> RefusalAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        var code = answer.StatusCode == HttpStatusCode.RequestTimeout ? ExitCode.TimedOut : ExitCode.Refused;
        try
        {
            var problem = await answer.Content.ReadFromJsonAsync(ApiJson.Default.Problem, cancellation);
            if (problem is { Title.Length: > 0 })
            {
                return new RefusedException(code, problem.Title, problem.Detail, problem.Errors.IsDefault ? [] : problem.Errors);
            }
        }
        catch (JsonException)
        {
            return Strange($"status {(int)answer.StatusCode} without a reason");
        }

        return Strange($"status {(int)answer.StatusCode} without a reason");
    }

    private static RefusedException Strange(string what) => new(
        ExitCode.Refused, $"The agent sent {what}.", "Check that hamirror and hamirrord are of the same version.");

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
            return new NetworkStream(connection, ownsSocket: true);
        }
        catch (SocketException e)
        {
            connection.Dispose();
            throw e.SocketErrorCode == SocketError.AccessDenied
                ? new RefusedException(ExitCode.NoAgent, $"You may not open {socket}.", "Run it as root, with sudo.")
                : new RefusedException(
                    ExitCode.NoAgent, $"The agent does not run on this node: nobody answers on {socket}.",
                    "Start it with 'systemctl start hamirrord'.");
        }
    }
}
