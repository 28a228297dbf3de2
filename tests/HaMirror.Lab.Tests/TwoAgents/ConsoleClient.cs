// A browser or a script at an agent's port 9010, as far as HTTP goes.
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Talks to an agent over TCP.</summary>
internal sealed class ConsoleClient : IDisposable
{
    /// <summary>Where the nodes ask each other: the cluster's port and one.</summary>
    private const int NodeChannelPort = 4801;

    public const string Password = "correct horse battery";

    private readonly HttpClient _client;

    /// <param name="bearer">A key or a session's token; null: cookies only.</param>
    public ConsoleClient(AgentProcess agent, string? bearer = null)
    {
        Cookies = new CookieContainer();
        _client = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, UseProxy = false })
        {
            BaseAddress = new Uri($"http://{agent.Address}:9010"), Timeout = TimeSpan.FromMinutes(2),
        };
        _client.DefaultRequestHeaders.Add(ConsolePath.ChangeHeader, "1");
        if (bearer is not null) _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
    }

    public CookieContainer Cookies { get; }

    public HttpClient Http => _client;

    /// <summary>Sends a request with nothing but what it has itself.</summary>
    public HttpMessageInvoker AsNobody { get; } = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false, AllowAutoRedirect = false });

    public async Task<SessionStatus> LoginAsync(string name, string password = Password)
    {
        using var answer = await TryLoginAsync(name, password);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync(ConsoleJson.Default.SessionStatus))!;
    }

    public Task<HttpResponseMessage> TryLoginAsync(string name, string password) =>
        _client.PostAsJsonAsync(ConsolePath.Session, new LoginRequest(name, password), ConsoleJson.Default.LoginRequest);

    public async Task<HttpStatusCode> StatusOfAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await _client.SendAsync(request);
        return answer.StatusCode;
    }

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type)
    {
        using var answer = await _client.GetAsync(path);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"GET {path}: {(int)answer.StatusCode} {text}");
        return System.Text.Json.JsonSerializer.Deserialize(text, type)!;
    }

    /// <summary>The agent's web side, and the nodes' own channel, begin to listen a moment after its socket answers.</summary>
    public static Task ListensAsync(AgentProcess agent) => Deadline.HoldsAsync($"the console of {agent.Name} listens", AgentProcess.Patience, async () =>
    {
        using var client = new ConsoleClient(agent);
        try
        {
            using var channel = new System.Net.Sockets.TcpClient();
            await channel.ConnectAsync(agent.Address, NodeChannelPort);
            return await client.StatusOfAsync(HttpMethod.Get, ConsolePath.Health) == HttpStatusCode.OK;
        }
        catch (Exception error) when (error is HttpRequestException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }, () => agent.Story);

    public void Dispose()
    {
        _client.Dispose();
        AsNobody.Dispose();
    }
}
