using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>The API of an agent, over the socket below its root directory. Every request connects anew: the agent may be another
/// process than a moment ago.</summary>
internal abstract class AgentApi
{
    /// <summary>A loaded machine may take this long for what takes a tenth of a second.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _client;

    protected AgentApi(string root, string name)
    {
        (Root, Name) = (root, name);
        _client = new HttpClient(new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(root + ApiPath.Socket), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
        { BaseAddress = new Uri("http://agent"), Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>HAMIRROR_ROOT of the agent.</summary>
    public string Root { get; }

    public string Name { get; }

    /// <summary>What the agent and its modules logged, for a failed assertion's message.</summary>
    public abstract string Story { get; }

    public async Task<NodeStatus?> StatusAsync() => await _client.GetFromJsonAsync(ApiPath.Status, ApiJson.Default.NodeStatus);

    public async Task<ModuleStatus> StatusAsync(string module) =>
        (await _client.GetFromJsonAsync(ApiPath.Module(module), ApiJson.Default.ModuleStatus))!;

    public async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType)
    {
        using var answer = await _client.PostAsJsonAsync(path, body, bodyType);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{Name}: POST {path}: {(int)answer.StatusCode} {text}\n{Story}");
        return System.Text.Json.JsonSerializer.Deserialize(text, answerType)!;
    }

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type)
    {
        using var answer = await _client.GetAsync(path);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{Name}: GET {path}: {(int)answer.StatusCode} {text}\n{Story}");
        return System.Text.Json.JsonSerializer.Deserialize(text, type)!;
    }

    /// <summary>Sends a command that must be refused, and returns the refusal.</summary>
    public async Task<Problem> RefusedAsync<TBody>(string path, TBody body, JsonTypeInfo<TBody> bodyType)
    {
        using var answer = await _client.PostAsJsonAsync(path, body, bodyType);
        Assert.False(answer.IsSuccessStatusCode, $"{Name}: POST {path} was accepted.\n{Story}");
        return (await answer.Content.ReadFromJsonAsync(ApiJson.Default.Problem))!;
    }

    /// <summary>Any request.</summary>
    /// <param name="match">If-Match; <c>new</c>: If-None-Match: *; null: neither.</param>
    public async Task<(System.Net.HttpStatusCode Status, string Text)> SendAsync<T>(HttpMethod method, string path, T? body, JsonTypeInfo<T> type, string? match = null)
        where T : class
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body, type);
        if (match == "new") request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        else if (match is not null) request.Headers.TryAddWithoutValidation("If-Match", $"\"{match}\"");
        using var answer = await _client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public Task<HttpResponseMessage> RawAsync(HttpRequestMessage request) => _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

    public Task<ActionAccepted> StartModuleAsync(string module, string role = "auto", bool fullSync = false) => PostAsync(
        ApiPath.Module(module, "start"), new StartRequest(role, fullSync, "test@lab", null), ApiJson.Default.StartRequest, ApiJson.Default.ActionAccepted);

    public Task<ActionAccepted> ActAsync(string module, string action) => PostAsync(
        ApiPath.Module(module, action), new ActionRequest("test@lab", null), ApiJson.Default.ActionRequest, ApiJson.Default.ActionAccepted);

    /// <summary>Says that a resource is <c>up</c> or <c>down</c>, as <c>safekit set</c> does.</summary>
    public async Task SayResourceAsync(string module, string resource, string state)
    {
        using var answer = await _client.PutAsJsonAsync(
            ApiPath.Resource(module, resource), new ResourceRequest(state, "test@lab"), ApiJson.Default.ResourceRequest);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Adds a user of the console, with <see cref="ConsoleClient.Password"/>.</summary>
    public Task<UserStatus> AddUserAsync(string name, string role) => PostAsync(
        ConsolePath.Users, new UserAddRequest(name, role, ConsoleClient.Password), ConsoleJson.Default.UserAddRequest, ConsoleJson.Default.UserStatus);

    public async Task<string> AddKeyAsync(string name, string role) => (await PostAsync(
        ConsolePath.Keys, new KeyAddRequest(name, role), ConsoleJson.Default.KeyAddRequest, ConsoleJson.Default.KeyMade)).Key;

    /// <summary>Makes the module's configuration the active one.</summary>
    public Task<ModuleConfigured> ConfigureAsync(string module) => PostAsync(
        ApiPath.Module(module, "config"), new ActionRequest(null, null), ApiJson.Default.ActionRequest, ApiJson.Default.ModuleConfigured);

    protected void CloseApi() => _client.Dispose();
}
