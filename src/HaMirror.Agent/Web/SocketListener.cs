// The API's Unix socket. It is looked after while the agent runs: a socket that cannot be had, was removed (a cleaner of /run, somebody's
// rm) or listens no more is made anew, and no module notices. Invariant: whoever can open it is root or of its group, for the gate asks
// nothing of him; its directory is 0700, so it is nobody else's in the instant before it has its permissions either.
using System.Net.Sockets;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Web;

/// <summary>Accepts the connections of the command line and of hooks.</summary>
internal sealed class SocketListener(AgentFiles files, ArrivalTransport transport, ILogger<SocketListener> log) : IHostedService, IDisposable
{
    private const int Backlog = 128;
    private const UnixFileMode SocketMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _end = new();
    private Socket? _socket;
    private Task _watch = Task.CompletedTask;
    private string? _trouble; // Told once, not every two seconds.

    /// <summary>When this returns the socket is there, or the log says why not.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        TryOpen();
        _watch = WatchAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _end.CancelAsync();
        await _watch;
        _socket?.Dispose();
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _end.Dispose();
    }

    private async Task WatchAsync()
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(LookPeriod);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                if (!Answers()) TryOpen();
            }
        }
        catch (OperationCanceledException)
        {
            // The agent ends.
        }
    }

    private bool Answers()
    {
        try
        {
            return _socket is not null && DeadAgent.Owner(files.AgentSocket) == Environment.ProcessId;
        }
        catch (Exception error) when (error is IOException or ArgumentException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void TryOpen()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            AgentFiles.Ensure(files.RunDirectory);
            _socket?.Dispose(); // Takes its name along.
            File.Delete(files.AgentSocket);
            socket.Bind(new UnixDomainSocketEndPoint(files.AgentSocket));
            File.SetUnixFileMode(files.AgentSocket, SocketMode);
            socket.Listen(Backlog);
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            socket.Dispose();
            if (_trouble != error.Message) log.ListenFailed("the command line", files.AgentSocket, error.Message);
            _trouble = error.Message;
            return;
        }

        if (_socket is not null) log.ListensAnew("the command line", files.AgentSocket);
        (_socket, _trouble) = (socket, null);
        _ = AcceptAsync(socket);
    }

    private async Task AcceptAsync(Socket listener)
    {
        await Task.Yield();
        while (true)
        {
            try
            {
                var socket = await listener.AcceptAsync();
                _ = HandAsync(socket);
            }
            catch (Exception error) when (error is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.InvalidArgument })
            {
                return; // Closed, on purpose or not: the watch makes another one.
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100)); // Out of descriptors, most likely: it must not spin.
            }
        }
    }

    private async Task HandAsync(Socket socket)
    {
        try
        {
            await transport.HandAsync(new NetworkStream(socket, ownsSocket: true), new Arrival(ArrivalKind.Local, null, Secure: false), null);
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            socket.Dispose(); // The caller has left: his to know.
        }
    }
}
