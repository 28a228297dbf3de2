// Port 9010: plain HTTP to loopback addresses, HTTPS to all others. An address or a file that cannot be used is told in the log
// and tried again; it keeps neither the agent nor the command line from working.
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Core.Configuration;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Web;

/// <summary>Accepts the connections of browsers, scripts and monitors.</summary>
internal sealed class WebListener : IHostedLifecycleService, IDisposable
{
    /// <summary>Far more than browsers and monitors of two nodes need; each costs two small buffers.</summary>
    private const int ConnectionsMax = 256;

    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(2);

    private readonly AgentFiles _files;
    private readonly NodeService _node;
    private readonly ArrivalTransport _transport;
    private readonly WebCertificate _certificate;
    private readonly ILogger<WebListener> _log;
    private readonly ConnectionGate _gate;
    private readonly CancellationTokenSource _end = new();
    private readonly CancellationTokenSource _closing = new();
    private DateTime _fileTime = DateTime.MinValue;
    private Task _watch = Task.CompletedTask;
    private string? _trouble; // Told once, not every two seconds.

    public WebListener(AgentFiles files, NodeService node, ArrivalTransport transport, WebCertificate certificate, ILogger<WebListener> log)
    {
        (_files, _node, _transport, _certificate, _log) = (files, node, transport, certificate, log);
        _gate = new ConnectionGate("the console", ConnectionsMax, WelcomeAsync, (what, address, reason) => log.ListenFailed(what, address.ToString(), reason));
    }

    public ConsoleConfiguration Configuration { get; private set; } = ConsoleConfiguration.Default;

    public string ConfigurationFile => $"{_files.ConfigurationDirectory}/console.xml";

    /// <summary>Cancelled when the agent is about to end, after its modules have: whatever streams ends then.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Names and addresses by which this node's console is reached.</summary>
    public IReadOnlyCollection<string> Names()
    {
        var names = new List<string>();
        if (_node.Membership is { } cluster)
        {
            names.Add(cluster.NodeName);
            names.AddRange(cluster.Configuration.Lans.Select(lan => cluster.Own(lan).Address.Trim('[', ']')));
        }

        names.AddRange([Environment.MachineName, "localhost", "127.0.0.1", "::1"]);
        return [.. names.Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _watch = WatchAsync();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => _closing.CancelAsync();

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _end.CancelAsync();
        await _watch;
        _gate.Dispose();
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _end.Dispose();
        _closing.Dispose();
    }

    private async Task WatchAsync()
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(LookPeriod);
        do
        {
            try
            {
                Look();
            }
            catch (Exception error) when (error is not OperationCanceledException) // Of whatever kind: it is tried again.
            {
                if (_trouble != error.Message) _log.ListenFailed("the console", ConfigurationFile, error.Message);
                _trouble = error.Message;
            }
        }
        while (await TickAsync(timer));
    }

    private async Task<bool> TickAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_end.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Look()
    {
        var written = File.GetLastWriteTimeUtc(ConfigurationFile); // The year 1601 when there is none.
        if (written != _fileTime)
        {
            _fileTime = written;
            Read();
        }

        _certificate.Ensure(Names());
        var addresses = Configuration.Listen.IsEmpty ? [Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any] : Configuration.Listen;
        _gate.Listen(Configuration.Enabled ? [.. addresses.Select(address => new IPEndPoint(address, Configuration.Port))] : []);
    }

    private void Read()
    {
        if (!File.Exists(ConfigurationFile))
        {
            Configuration = ConsoleConfiguration.Default;
            return;
        }

        var parsed = ConsoleConfiguration.Parse(File.ReadAllText(ConfigurationFile), ConfigurationFile);
        if (parsed.Succeeded) Configuration = parsed.Value;
        else _log.FileRefused(parsed.Errors[0].ToString());
    }

    private async Task WelcomeAsync(Socket socket, CancellationToken deadline)
    {
        var remote = Plain((IPEndPoint)socket.RemoteEndPoint!);
        var local = Plain((IPEndPoint)socket.LocalEndPoint!);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        var secure = !(Configuration.PlainLoopback && IPAddress.IsLoopback(local.Address));
        if (secure) stream = await EncryptAsync(stream, deadline);
        await _transport.HandAsync(stream, new Arrival(ArrivalKind.Web, remote, secure), local);
    }

    private async Task<Stream> EncryptAsync(Stream stream, CancellationToken deadline)
    {
        var certificate = _certificate.Current ?? throw new IOException("There is no certificate.");
        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ApplicationProtocols = [SslApplicationProtocol.Http11],
            }, deadline);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static IPEndPoint Plain(IPEndPoint address) =>
        address.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(address.Address.MapToIPv4(), address.Port) : address;
}
