// One hamirrord of its own: a root directory, a loopback address, and whatever it mounts below that root.
using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Core.Api;
using HaMirror.Io.Native;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>A real agent process and its API.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    /// <summary>A loaded machine may take this long for what takes a tenth of a second.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _output = new();
    private readonly HttpClient _client;
    private Process? _process;

    public AgentProcess(string root, string name, string address)
    {
        (Root, Name, Address) = (root, name, address);
        // The console on this agent's own address alone: all of a machine's agents would want the same port.
        Directory.CreateDirectory(root + "/etc/hamirror", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(root + "/etc/hamirror/console.xml", $"<console listen=\"{address}\"/>\n");
        _client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(root + ApiPath.Socket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://agent"), Timeout = TimeSpan.FromMinutes(2) };
    }

    public string Root { get; }

    public string Name { get; }

    public string Address { get; }

    public int Id => _process?.Id ?? throw new InvalidOperationException($"Agent {Name} does not run.");

    /// <summary>What the agent and its modules logged, for a failed assertion's message.</summary>
    public string Story
    {
        get
        {
            var story = new StringBuilder().AppendLine($"--- {Name}: output");
            lock (_output) story.Append(_output);
            var logs = $"{Root}/var/log/hamirror";
            if (!Directory.Exists(logs)) return story.ToString();
            foreach (var file in Directory.GetFiles(logs, "module*.log", SearchOption.AllDirectories))
                story.AppendLine($"--- {Name}: {file}").Append(File.ReadAllText(file));
            return story.ToString();
        }
    }

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Program()) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[ApiPath.RootVariable] = Root;
        _process = Process.Start(start) ?? throw new InvalidOperationException("hamirrord was not started.");
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Deadline.HoldsAsync($"agent {Name} answers", Patience, async () =>
        {
            Assert.False(_process.HasExited, Story);
            try
            {
                return await StatusAsync() is not null;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, () => Story);
    }

    /// <summary>As a crash: nothing of the agent runs on.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>As systemd ends it.</summary>
    public async Task EndAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await _process!.WaitForExitAsync(new CancellationTokenSource(Patience).Token);
    }

    /// <param name="signal">As kill takes it, e.g. <c>STOP</c>.</param>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

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

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) await KillAsync();
        _process?.Dispose();
        _client.Dispose();
        foreach (var path in Directory.GetDirectories(Root))
        {
            // Every layer: a test that killed the agent more than once may have left several.
            for (var layer = 0; layer < 16 && Shim.MountKind(path) == 1; layer++) _ = Shim.FuseUnmount(path, abort: 1);
        }
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
    }

    private static string Program()
    {
        // tests/HaMirror.Lab.Tests/bin/CONFIGURATION/net10.0 beside src/HaMirror.Agent/bin/CONFIGURATION/net10.0
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var repository = own.Parent!.Parent!.Parent!.Parent!.Parent!;
        return Path.Combine(repository.FullName, "src/HaMirror.Agent/bin", own.Parent.Name, own.Name, "hamirrord");
    }
}
